use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use watershed_cli::{Answer, CallError, Client};

/// How often a request is sent before the demo gives up.
const TRIES: u32 = 12;

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
