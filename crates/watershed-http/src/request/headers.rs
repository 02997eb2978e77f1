use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use watershed_core::ports::JournalMark;
use watershed_core::{Position, Version};
use watershed_runtime::{OnStale, Request, Terms};

use super::principal_of;
use crate::problem::{BAD_TOKEN, MALFORMED_HEADER, Problem};
use crate::reply::Names;

/// The longest correlation id, in bytes.
const MAX_CORRELATION: usize = 256;

/// What a caller says beside a command.
pub(crate) fn command_request(parts: &Parts) -> Result<Request, Problem> {
    let headers = &parts.headers;
    Ok(Request {
        principal: principal_of(parts),
        key: only(headers, &Names::IDEMPOTENCY_KEY)?.map(idempotency_key).transpose()?,
        expected: expected_version(headers)?,
        correlation: correlation(headers)?,
        causation: None,
        traceparent: traceparent(headers),
    })
}

/// What a caller says beside a question.
pub(crate) fn terms(parts: &Parts, patience: Duration) -> Result<Terms, Problem> {
    let token = only(&parts.headers, &Names::TOKEN)?;
    let token = token.map(|text| {
        text.trim().parse().map_err(|error: watershed_core::TokenError| {
            Problem::new(&BAD_TOKEN, error.to_string()).about("Watershed-Token")
        })
    });
    Ok(Terms {
        principal: principal_of(parts),
        token: token.transpose()?,
        on_stale: on_stale(&parts.headers)?,
        patience,
    })
}

/// The position after which a watch goes on.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Result<Option<Position>, Problem> {
    let text = only(headers, &Names::LAST_EVENT_ID)?;
    let position = text.map(|text| {
        text.trim().parse().map_err(|_| {
            malformed("Last-Event-ID", "must be a position: the `id` of the last event that came")
        })
    });
    position.transpose()
}

/// The place in a journal behind which a watch of a list goes on.
pub(crate) fn last_place(headers: &HeaderMap) -> Result<Option<JournalMark>, Problem> {
    let text = only(headers, &Names::LAST_EVENT_ID)?;
    let place = text.map(|text| {
        text.trim()
            .parse()
            .map_err(|_| malformed("Last-Event-ID", "must be the `id` of the last event that came"))
    });
    place.transpose()
}

/// Whether the caller takes Server-Sent Events, and nothing else before them.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|accepted| accepted.to_str().ok());
    let first = accepted.flat_map(|accepted| accepted.split(',')).next().unwrap_or_default();
    first.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
}

/// The header's text, where it is given, and given once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(malformed(usual_spelling(name), "is given twice"));
    }
    let text = std::str::from_utf8(value.as_bytes());
    text.map(Some).map_err(|_| malformed(usual_spelling(name), "is not UTF-8"))
}

/// `idempotency-key` as people write it: `Idempotency-Key`.
fn usual_spelling(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at(1.min(word.len()));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}

fn malformed(name: impl Into<std::borrow::Cow<'static, str>>, detail: &str) -> Problem {
    Problem::with_field(&MALFORMED_HEADER, name, detail)
}

/// The key, in quotes as the draft standard has it, or bare as many clients send it.
fn idempotency_key(text: &str) -> Result<Arc<str>, Problem> {
    let text = text.trim();
    let Some(quoted) = text.strip_prefix('"') else {
        return Ok(text.into());
    };
    let unfinished = || malformed("Idempotency-Key", "starts with a quote and must end with one");
    let quoted = quoted.strip_suffix('"').ok_or_else(unfinished)?;
    if !quoted.contains(['\\', '"']) {
        return Ok(quoted.into());
    }
    let (mut key, mut letters) = (String::with_capacity(quoted.len()), quoted.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => key.push(letters.next().ok_or_else(unfinished)?),
            '"' => return Err(unfinished()),
            other => key.push(other),
        }
    }
    Ok(key.into())
}

fn expected_version(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let matching = only(headers, &IF_MATCH)?;
    let none = only(headers, &IF_NONE_MATCH)?;
    match (matching, none.map(str::trim)) {
        (None, None) => Ok(None),
        (Some(version), None) => version_of(version).map(Some),
        (None, Some("*")) => Ok(Some(0)),
        (None, Some(_)) => {
            Err(malformed("If-None-Match", "must be `*` on a command: take it only if the stream is new"))
        }
        (Some(_), Some(_)) => Err(malformed("If-None-Match", "cannot stand beside If-Match")),
    }
}

/// `"3"`, or 3 without quotes.
fn version_of(text: &str) -> Result<Version, Problem> {
    let text = text.trim();
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    bare.parse().map_err(|_| {
        malformed(
            "If-Match",
            "must be one version of the stream in quotes, as a receipt's ETag gives it: \"3\"",
        )
    })
}

fn correlation(headers: &HeaderMap) -> Result<Option<Arc<str>>, Problem> {
    let Some(text) = only(headers, &Names::CORRELATION)? else {
        return Ok(None);
    };
    if text.is_empty() || text.len() > MAX_CORRELATION || text.chars().any(char::is_control) {
        let wanted = format!("must have 1 to {MAX_CORRELATION} bytes and no control characters");
        return Err(malformed("X-Correlation-Id", &wanted));
    }
    Ok(Some(text.into()))
}

/// The W3C trace context. One that is not well formed counts for nothing, as the standard has it.
fn traceparent(headers: &HeaderMap) -> Option<Arc<str>> {
    let text = headers.get(&Names::TRACEPARENT)?.to_str().ok()?;
    let mut parts = text.split('-');
    let mut part = |length: usize| {
        parts.next().filter(|part| {
            part.len() == length && part.bytes().all(|letter| matches!(letter, b'0'..=b'9' | b'a'..=b'f'))
        })
    };
    let (version, trace, parent, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    let nothing = |id: &str| id.bytes().all(|letter| letter == b'0');
    let unknown = version == "ff" || (version == "00" && text.len() != 55);
    (!unknown && !nothing(trace) && !nothing(parent) && !flags.is_empty()).then(|| text.into())
}

fn on_stale(headers: &HeaderMap) -> Result<OnStale, Problem> {
    match only(headers, &Names::ON_STALE)?.map(str::trim) {
        None => Ok(OnStale::Best),
        Some("wait") => Ok(OnStale::Wait),
        Some("fold") => Ok(OnStale::Fold),
        Some("serve") => Ok(OnStale::Serve),
        Some("refuse") => Ok(OnStale::Refuse),
        Some(_) => Err(malformed("Watershed-On-Stale", "must be `wait`, `fold`, `serve` or `refuse`")),
    }
}
