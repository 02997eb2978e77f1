use serde_json::{Map, Value, json};

use super::Document;
use crate::problem::{self, ALL, ProblemKind};

/// What can happen to any request.
const ANY: &[&ProblemKind] =
    &[&problem::OVERLOADED, &problem::UNAVAILABLE, &problem::CLOSING, &problem::INTERNAL];

/// What can happen to whoever asks a view.
pub(super) const ASKING: &[&ProblemKind] = &[
    &problem::MALFORMED_HEADER,
    &problem::MALFORMED_PARAMETER,
    &problem::BAD_TOKEN,
    &problem::FOREIGN_TOKEN,
    &problem::DENIED,
    &problem::NOT_REACHED,
    &problem::UNREADABLE_ROW,
    &problem::DAMAGED_VIEW,
    &problem::DAMAGED_LOG,
];

/// What can happen to a command.
pub(super) const SENDING: &[&ProblemKind] = &[
    &problem::MALFORMED_HEADER,
    &problem::BAD_ID,
    &problem::BAD_KEY,
    &problem::UNSUPPORTED_MEDIA_TYPE,
    &problem::BODY_TOO_LARGE,
    &problem::BODY_TOO_SLOW,
    &problem::BODY_BROKEN,
    &problem::NESTED_TOO_DEEP,
    &problem::MALFORMED_BODY,
    &problem::DENIED,
    &problem::REFUSED,
    &problem::TAG_TAKEN,
    &problem::KEY_REUSED,
    &problem::VERSION_MISMATCH,
    &problem::IN_FLIGHT,
    &problem::CONTENDED,
    &problem::UNREADABLE_STREAM,
    &problem::DAMAGED_LOG,
    &problem::INLINE_REFUSED,
    &problem::READ_ONLY,
];

/// Adds the schema of problem documents.
pub(super) fn add(document: &mut Document) {
    let codes: Vec<&str> = ALL.iter().map(|kind| kind.code).collect();
    let schema = json!({
        "type": "object",
        "description": "An RFC 9457 problem document.",
        "required": ["type", "title", "status", "detail", "instance", "code", "retryable"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "The problem's page: what it means, why, what to do." },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "What is wrong on this occasion." },
            "instance": { "type": "string", "description": "The path of the request." },
            "code": { "type": "string", "description": "Stable. One of ours, or a domain's own code for a refusal.", "examples": codes },
            "retryable": { "type": "boolean", "description": "Whether the same request may succeed when it is sent again, unchanged." },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "detail"],
                    "properties": { "field": { "type": "string" }, "detail": { "type": "string" } }
                }
            }
        }
    });
    document.schemas.insert("Problem".to_owned(), schema);
}

/// One response for each kind, under its code.
pub(super) fn responses() -> Value {
    let responses = ALL.iter().map(|kind| {
        let response = json!({
            "description": format!("{} (`{}`)", kind.title, kind.code),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
        });
        (kind.code.to_owned(), response)
    });
    Value::Object(responses.collect())
}

/// The responses of an operation, by status: those of `kinds` and those that any request can get. Kinds that share a status
/// share a response, which names their codes.
pub(super) fn of(kinds: &[&ProblemKind], more: &[&ProblemKind]) -> Map<String, Value> {
    let mut by_status: std::collections::BTreeMap<u16, Vec<&ProblemKind>> = std::collections::BTreeMap::new();
    for &kind in kinds.iter().chain(more).chain(ANY) {
        by_status.entry(kind.status.as_u16()).or_default().push(kind);
    }
    let response = |(status, kinds): (u16, Vec<&ProblemKind>)| {
        let response = match kinds.as_slice() {
            [only] => json!({ "$ref": format!("#/components/responses/{}", only.code) }),
            several => {
                let lines: Vec<String> =
                    several.iter().map(|kind| format!("- `{}`: {}", kind.code, kind.title)).collect();
                json!({
                    "description": lines.join("\n"),
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
                })
            }
        };
        (status.to_string(), response)
    };
    by_status.into_iter().map(response).collect()
}
