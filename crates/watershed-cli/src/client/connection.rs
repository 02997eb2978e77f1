use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::answer::{Answer, CallError};

/// One connection to a server: a lean client, for one request after the other. Connects when it is first used, and again after
/// the connection was closed.
#[derive(Debug)]
pub struct Client {
    authority: String,
    host: HeaderValue,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// A client of the server at `url`, `http://HOST:PORT`.
    ///
    /// # Errors
    /// Where the address is no such one.
    pub fn new(url: &str) -> Result<Self, CallError> {
        let bad = || CallError::BadUrl(url.to_owned());
        let authority = url.strip_prefix("http://").ok_or_else(bad)?.trim_end_matches('/');
        let authority: Authority = authority.parse().map_err(|_| bad())?;
        let authority = match authority.port() {
            Some(_) => authority.to_string(),
            None => format!("{authority}:80"),
        };
        let host = HeaderValue::try_from(&authority).map_err(|_| bad())?;
        Ok(Self { authority, host, connection: None })
    }

    /// Host and port of the server.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Asks for what is at `path`.
    ///
    /// # Errors
    /// Where no answer came. A problem document is an answer.
    pub async fn get(&mut self, path: &str) -> Result<Answer, CallError> {
        self.call(Method::GET, path, &[], Bytes::new()).await
    }

    /// Sends a body to `path`: JSON, unless a header says otherwise.
    ///
    /// # Errors
    /// Where no answer came. A problem document is an answer.
    pub async fn post(
        &mut self,
        path: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, CallError> {
        self.call(Method::POST, path, headers, body.into()).await
    }

    pub(super) async fn call(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Answer, CallError> {
        let (parts, body) = self.open(method, path, headers, body).await?.into_parts();
        let body = body.collect().await.map_err(|_| self.broken())?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    /// The answer with its body still to come.
    pub(super) async fn open(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Response<Incoming>, CallError> {
        let mut request = Request::new(Full::new(body));
        let is_post = method == Method::POST;
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().map_err(|_| CallError::BadUrl(path.to_owned()))?;
        request.headers_mut().insert(HOST, self.host.clone());
        if is_post && !headers.iter().any(|(name, _)| *name == CONTENT_TYPE) {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in headers {
            request.headers_mut().insert(name, value.clone());
        }
        let connection = self.ready().await?;
        let answer = connection.send_request(request).await;
        answer.map_err(|_| {
            self.connection = None;
            self.broken()
        })
    }

    async fn ready(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, CallError> {
        let usable = match &mut self.connection {
            Some(open) => open.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.connection = None;
        }
        match &mut self.connection {
            Some(open) => Ok(open),
            empty => Ok(empty.insert(connect(&self.authority).await?)),
        }
    }

    fn broken(&self) -> CallError {
        CallError::Broken(self.authority.clone())
    }
}

async fn connect(authority: &str) -> Result<SendRequest<Full<Bytes>>, CallError> {
    let unreachable = |problem: String| CallError::Unreachable { authority: authority.to_owned(), problem };
    let stream = TcpStream::connect(authority).await.map_err(|error| unreachable(error.to_string()))?;
    stream.set_nodelay(true).map_err(|error| unreachable(error.to_string()))?;
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| unreachable(error.to_string()))?;
    // Ends with the sender, or with an error that the next request sees for itself.
    tokio::spawn(connection);
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_asked_is_refused() {
        for url in ["", "https://localhost:8080", "localhost:8080", "http://", "http://a/b", "http://a b"] {
            assert!(matches!(Client::new(url), Err(CallError::BadUrl(_))), "{url}");
        }
        let authority = |url| Client::new(url).map(|client| client.authority().to_owned()).ok();
        assert_eq!(authority("http://127.0.0.1:8080/").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(authority("http://example").as_deref(), Some("example:80"));
    }
}
