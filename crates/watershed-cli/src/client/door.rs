use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use watershed_http::Api;

use super::answer::{Answer, CallError};
use super::connection::Client;
use crate::error::CliError;
use crate::host::Opened;

/// The context that somebody speaks with.
pub(super) struct Context {
    pub(super) name: String,
    /// They have said so, rather than spoken with the first one.
    pub(super) is_named: bool,
}

/// The way to the API of one context.
pub(crate) struct Door {
    way: Way,
    context: Context,
    /// The server was named by its address.
    named: bool,
}

enum Way {
    Server(Client),
    Folder { api: Api, opened: Opened },
}

impl Door {
    /// Through a running server.
    pub(super) fn server(client: Client, context: Context, named: bool) -> Self {
        Self { way: Way::Server(client), context, named }
    }

    /// Over a folder that this process has opened.
    pub(super) fn folder(opened: Opened, context: Context) -> Self {
        let api = opened.server(Default::default()).into_api();
        Self { way: Way::Folder { api, opened }, context, named: false }
    }

    /// What answers, for people.
    pub(crate) fn described(&self) -> String {
        match &self.way {
            Way::Server(client) => format!("the server at http://{}", client.authority()),
            Way::Folder { .. } => "the data folder itself: no server runs on it".to_owned(),
        }
    }

    /// Whether the data folder may be on another machine.
    pub(crate) fn is_remote(&self) -> bool {
        self.named
    }

    /// A command for the same context, as advice has it: to be copied.
    pub(crate) fn command(&self, words: &str) -> String {
        match &self.context {
            Context { name, is_named: true } => format!("`{words} --context {name}`"),
            _ => format!("`{words}`"),
        }
    }

    /// `/admin/{context}/` with that at its end.
    pub(crate) fn admin(&self, rest: &str) -> String {
        format!("/admin/{}/{rest}", self.context.name)
    }

    /// `/api/{context}/` with that at its end.
    pub(crate) fn api(&self, rest: &str) -> String {
        format!("/api/{}/{rest}", self.context.name)
    }

    /// The JSON that stands at `path`.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Value, CliError> {
        Ok(self.call(Method::GET, path, JSON, Bytes::new()).await?.json()?)
    }

    /// The JSON that a change answers with.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Result<Value, CliError> {
        Ok(self.call(Method::POST, path, JSON, body.to_string().into()).await?.json()?)
    }

    /// The JSON that lines of JSON are answered with.
    pub(crate) async fn post_lines(&mut self, path: &str, lines: Bytes) -> Result<Value, CliError> {
        Ok(self.call(Method::POST, path, LINES, lines).await?.json()?)
    }

    async fn call(
        &mut self,
        method: Method,
        path: &str,
        media: &'static str,
        body: Bytes,
    ) -> Result<Answer, CallError> {
        match &mut self.way {
            Way::Server(client) => {
                let headers: &[_] = match method {
                    Method::POST => &[(CONTENT_TYPE, HeaderValue::from_static(media))],
                    _ => &[],
                };
                client.call(method, path, headers, body).await
            }
            Way::Folder { api, .. } => {
                let request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header(CONTENT_TYPE, media)
                    .body(Full::new(body))
                    .map_err(|_| CallError::BadUrl(path.to_owned()))?;
                let (parts, body) = api.call(request).await.into_parts();
                let body = match body.collect().await {
                    Ok(body) => body.to_bytes(),
                    Err(never) => match never {},
                };
                Ok(Answer { status: parts.status, headers: parts.headers, body })
            }
        }
    }

    /// Calls `each` with every line of JSON that stands at `path`, as it comes.
    pub(crate) async fn lines(&mut self, path: &str, each: impl FnMut(Value)) -> Result<(), CliError> {
        match &mut self.way {
            Way::Server(client) => {
                let accept = [(ACCEPT, HeaderValue::from_static(LINES))];
                let answer = client.open(Method::GET, path, &accept, Bytes::new()).await?;
                read_lines(answer, each).await
            }
            Way::Folder { api, .. } => {
                let request = Request::get(path).header(ACCEPT, LINES).body(Full::new(Bytes::new()));
                let request = request.map_err(|_| CallError::BadUrl(path.to_owned()))?;
                read_lines(api.call(request).await, each).await
            }
        }
    }

    /// Closes the folder, where this process has opened it.
    pub(crate) async fn close(self) {
        if let Way::Folder { opened, api } = self.way {
            drop(api);
            opened.close().await;
        }
    }
}

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

async fn read_lines<B>(answer: http::Response<B>, mut each: impl FnMut(Value)) -> Result<(), CliError>
where
    B: http_body_util::BodyExt<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let unreadable = |error: B::Error| CallError::Unreadable(error.to_string());
    let (parts, mut body) = answer.into_parts();
    if !parts.status.is_success() {
        let body = body.collect().await.map_err(unreadable)?.to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }.json::<Value>()?;
        return Ok(());
    }
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(unreadable)?.into_data() {
            read.extend_from_slice(&data);
        }
        while let Some(end) = read.iter().position(|byte| *byte == b'\n') {
            each(serde_json::from_slice(&read.split_to(end + 1))?);
        }
    }
    Ok(())
}
