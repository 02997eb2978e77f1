use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use serde::Serialize;
use watershed::core::variant::write_variant;
use watershed::prelude::Command;
use watershed_cli::{Answer, CallError, Client};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How often a request is sent before the demo gives up.
const TRIES: u32 = 12;

/// A command on its way to a context, under a key.
pub(crate) struct Outgoing {
    path: String,
    key: HeaderValue,
    body: Vec<u8>,
}

impl Outgoing {
    pub(crate) fn new<C: Command + Serialize>(context: &str, key: &str, command: &C) -> Result<Self, String> {
        let path = format!("/api/{context}/commands/{}", command.kind().name);
        let mut body = Vec::with_capacity(256);
        write_variant(command, &mut body).map_err(|error| error.to_string())?;
        let key = HeaderValue::try_from(key).map_err(|error| error.to_string())?;
        Ok(Self { path, key, body })
    }

    /// Sends it with these headers besides, until there is an answer, and says how often it took.
    pub(crate) async fn send(
        &self,
        client: &mut Client,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<(Answer, u32), String> {
        let mut all = vec![(IDEMPOTENCY_KEY, self.key.clone())];
        all.extend_from_slice(headers);
        post(client, &self.path, &all, &self.body).await
    }
}

/// Sends until there is an answer, and says how often it took: everything that is sent here counts once, whatever became of
/// an earlier attempt.
pub(crate) async fn post(
    client: &mut Client,
    path: &str,
    headers: &[(HeaderName, HeaderValue)],
    body: &[u8],
) -> Result<(Answer, u32), String> {
    for attempt in 0..TRIES {
        match client.post(path, headers, body.to_vec()).await {
            Ok(answer) if !is_busy(&answer) => return Ok((answer, attempt + 1)),
            Ok(_) | Err(CallError::Broken(_) | CallError::Unreachable { .. }) => {
                tokio::time::sleep(Duration::from_millis(2 << attempt)).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    Err(format!("the server takes no commands: {TRIES} attempts at {path}"))
}

/// Whether the same request is to be sent again.
fn is_busy(answer: &Answer) -> bool {
    matches!(answer.status.as_u16(), 408 | 409 | 429 | 503)
}
