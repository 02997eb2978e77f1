use serde_json::{Map, Value, json};
use watershed_core::Receipt;
use watershed_runtime::{Catalogue, ImportSummary, LeftLine};

use super::Document;
use super::names::Renaming;

/// Adds the schemas that every context shares.
pub(super) fn add_ours(document: &mut Document) {
    let receipt = bare(schemars::schema_for!(Receipt).to_value());
    document.schemas.insert("Receipt".to_owned(), receipt.into());
    let mut summary = bare(schemars::schema_for!(ImportSummary).to_value());
    let left = bare(schemars::schema_for!(LeftLine).to_value());
    for lines in ["refused", "malformed"] {
        if let Some(schema) = summary.get_mut("properties").and_then(|properties| properties.get_mut(lines)) {
            schema["items"] = left.clone().into();
        }
    }
    document.schemas.insert("ImportSummary".to_owned(), summary.into());
    document.schemas.insert("Event".to_owned(), event());
}

/// A schema without what it refers to.
fn bare(schema: Value) -> Map<String, Value> {
    match schema {
        Value::Object(fields) => {
            fields.into_iter().filter(|(name, _)| name != "$schema" && name != "$defs").collect()
        }
        _ => Map::new(),
    }
}

/// Adds a context's definitions, and a row of each of its views.
pub(super) fn add(document: &mut Document, catalogue: &Catalogue, renaming: &Renaming) {
    for (name, schema) in &catalogue.definitions {
        document.schemas.insert(renaming.name(name).to_owned(), renaming.apply(schema));
    }
}

fn event() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let number = |description: &str| json!({ "type": "integer", "description": description });
    json!({
        "type": "object",
        "required": ["position", "id", "tenant", "stream", "version", "name", "schema", "recorded_at", "data"],
        "properties": {
            "position": number("Index in the log, contiguous from 1."),
            "id": text("The event's name for the world outside."),
            "tenant": text("Whose event it is."),
            "stream": text("What it happened to: category/id."),
            "version": number("Index in the stream, contiguous from 1."),
            "name": text("The event's frozen name."),
            "schema": number("The number of the shape that it was written in."),
            "recorded_at": text("When the log took it."),
            "actor": text("Who caused it."),
            "correlation": text("What it belongs to."),
            "causation": text("What caused it."),
            "traceparent": text("The W3C trace context of the command."),
            "tags": { "type": "array", "items": { "type": "string" } },
            "data": { "type": "object", "description": "What the domain wrote, in the schema that it was written in." }
        }
    })
}
