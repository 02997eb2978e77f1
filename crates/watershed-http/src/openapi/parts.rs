//! The pieces that operations are put together from.

use serde_json::{Value, json};

pub(super) fn query_parameter(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": { "type": "string" } })
}

pub(super) fn path_parameter(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
}

pub(super) fn request_header(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "header", "description": description, "schema": { "type": "string" } })
}

pub(super) fn header(description: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string" } })
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A response with JSON of that schema.
pub(super) fn response(description: &str, headers: &Value, schema: &Value) -> Value {
    json!({
        "description": description,
        "headers": headers,
        "content": { "application/json": { "schema": schema } }
    })
}

/// The first line of a documentation comment.
pub(super) fn summary(doc: &str) -> &str {
    doc.lines().next().unwrap_or_default()
}
