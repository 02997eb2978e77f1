use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::depth::check_depth;
use crate::problem::{
    BODY_BROKEN, BODY_TOO_LARGE, BODY_TOO_SLOW, NESTED_TOO_DEEP, Problem, UNSUPPORTED_MEDIA_TYPE,
};

/// What a body may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The most bytes.
    pub(crate) bytes: usize,
    /// How deep objects and arrays may stand inside one another.
    pub(crate) depth: usize,
    /// How long it may take to arrive.
    pub(crate) time: Duration,
}

/// Reads a body that has to be JSON, within these limits. Whether it is JSON is for its reader to say.
pub(crate) async fn read_json<B>(headers: &HeaderMap, body: B, limits: Limits) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    check_media(headers, "application/json")?;
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limits.bytes) {
        return Err(too_large(limits.bytes));
    }
    let arriving = Limited::new(body, limits.bytes).collect();
    let body = match tokio::time::timeout(limits.time, arriving).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large(limits.bytes)),
        Ok(Err(error)) => return Err(Problem::new(&BODY_BROKEN, format!("the body broke off: {error}"))),
        Err(_) => {
            let detail = format!("the body did not arrive within {} seconds", limits.time.as_secs_f64());
            return Err(Problem::new(&BODY_TOO_SLOW, detail));
        }
    };
    check_depth(&body, limits.depth).map_err(|too_deep| {
        let field = too_deep.field.unwrap_or_else(|| "body".to_owned());
        let most = limits.depth;
        Problem::with_field(&NESTED_TOO_DEEP, field, format!("is nested deeper than {most} levels"))
    })?;
    Ok(body)
}

fn too_large(most: usize) -> Problem {
    Problem::with_field(&BODY_TOO_LARGE, "body", format!("has more than {most} bytes"))
}

/// Whether a body is declared to be of that type. Besides being what we can read, JSON is what no web page can make a browser
/// send to another site without asking first.
pub(super) fn check_media(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = declared.map(|value| value.split(';').next().unwrap_or_default().trim());
    if !media.is_some_and(|media| media.eq_ignore_ascii_case(wanted)) {
        let found = declared.map_or_else(|| "is missing".to_owned(), |found| format!("is `{found}`"));
        let detail = format!("{found}; send `{wanted}`");
        return Err(Problem::with_field(&UNSUPPORTED_MEDIA_TYPE, "Content-Type", detail));
    }
    let encoded = headers
        .get(CONTENT_ENCODING)
        .is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        let detail = "compressed bodies are not taken; leave the header out";
        return Err(Problem::with_field(&UNSUPPORTED_MEDIA_TYPE, "Content-Encoding", detail));
    }
    Ok(())
}
