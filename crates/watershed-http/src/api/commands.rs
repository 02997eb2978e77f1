use bytes::Bytes;
use http::HeaderValue;
use http::header::{ETAG, HeaderMap};
use http::request::Parts;
use watershed_core::Receipt;

use crate::hosted::Hosted;
use crate::problem::Problem;
use crate::reply::{Names, Reply, json, token_value, value_of};
use crate::request::{Limits, command_request, read_json};

/// `POST /api/{context}/commands/{command}`
pub(crate) async fn send<B>(
    hosted: &Hosted,
    command: &str,
    parts: &Parts,
    body: B,
    limits: Limits,
) -> Result<Reply, Problem>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let request = command_request(parts)?;
    let body = read_json(&parts.headers, body, limits).await?;
    let receipt = hosted.running.send_json(command, &body, request).await?;
    let mut reply = json(&receipt);
    tell(&receipt, reply.headers_mut());
    Ok(reply)
}

fn tell(receipt: &Receipt, headers: &mut HeaderMap) {
    headers.insert(ETAG, value_of(&format_args!("\"{}\"", receipt.version)));
    headers.insert(Names::TOKEN, token_value(&receipt.token));
    if receipt.replayed {
        headers.insert(Names::REPLAYED, HeaderValue::from_static("true"));
    }
}
