use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use watershed_core::PageOf;

use super::{Body, Reply};

/// A reply with this content as JSON.
pub(crate) fn json(content: &impl Serialize) -> Reply {
    // invariant: what is answered here are texts, numbers and JSON values, which can always be written as JSON.
    whole(HeaderMap::new(), serde_json::to_vec(content).unwrap_or_default())
}

/// A reply with this text, which is JSON.
pub(crate) fn as_json(text: Bytes) -> Reply {
    whole(HeaderMap::new(), text)
}

/// A reply with this JSON text, written through as it stands.
pub(crate) fn raw(headers: HeaderMap, text: Box<RawValue>) -> Reply {
    let text: Box<str> = text.into();
    whole(headers, text.into_boxed_bytes())
}

/// A reply with a page whose rows are written through as they stand.
pub(crate) fn page(headers: HeaderMap, page: &PageOf<Box<RawValue>>) -> Reply {
    let length: usize = page.rows.iter().map(|row| row.get().len() + 1).sum();
    let mut text = String::with_capacity(length + 256);
    text.push_str("{\"rows\":[");
    for (place, row) in page.rows.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(row.get());
    }
    text.push_str("],\"next\":");
    match &page.next {
        // A cursor's letters are those of base64: none needs an escape.
        Some(next) => text.extend(["\"", &next.to_string(), "\""]),
        None => text.push_str("null"),
    }
    text.push('}');
    whole(headers, text)
}

/// A reply with plain text.
pub(crate) fn text(content: impl Into<Bytes>) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    whole(headers, content)
}

fn whole(mut headers: HeaderMap, body: impl Into<Bytes>) -> Reply {
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    // Answers change with every event: a cache may keep one, but has to ask whether it still holds.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    let mut reply = Reply::new(Body::whole(body));
    *reply.status_mut() = StatusCode::OK;
    *reply.headers_mut() = headers;
    reply
}
