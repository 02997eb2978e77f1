//! JSON schemas in few words. Whatever has no word here is kept as JSON, so that two schemas never read the same.

use serde_json::{Map, Value};

/// The shape of an event's data, a line for each field.
pub(super) fn fields(schema: &Value) -> Vec<String> {
    let Value::Object(entries) = schema else {
        return vec![format!("= {}", brief(schema))];
    };
    let mut rest = entries.clone();
    let properties = rest.remove("properties");
    let required = rest.remove("required");
    let kind = rest.remove("type");
    let mut lines = named(properties.as_ref(), required.as_ref());
    if kind.is_some_and(|kind| kind != "object") {
        return vec![format!("= {}", brief(schema))];
    }
    if !rest.is_empty() {
        lines.push(format!("+ {}", Value::Object(rest)));
    }
    lines
}

/// The schema in one line.
pub(super) fn brief(schema: &Value) -> String {
    match schema {
        Value::Bool(true) => "anything".into(),
        Value::Bool(false) => "nothing".into(),
        Value::Object(entries) => object(entries),
        other => other.to_string(),
    }
}

fn object(entries: &Map<String, Value>) -> String {
    let mut rest = entries.clone();
    let mut words = Vec::new();
    if let Some(kind) = rest.remove("type") {
        words.push(kinds(&kind, &mut rest));
    }
    if let Some(listed) = rest.remove("enum") {
        words.push(choice(&listed));
    }
    for (key, word) in [("anyOf", "any"), ("oneOf", "one"), ("allOf", "all")] {
        if let Some(Value::Array(schemas)) = rest.remove(key) {
            let parts: Vec<String> = schemas.iter().map(brief).collect();
            words.push(format!("{word} of <{}>", parts.join("; ")));
        }
    }
    if words.is_empty() || !rest.is_empty() {
        words.push(Value::Object(rest).to_string());
    }
    words.join(" ")
}

/// `string`, `string(date)`, `[string]`, `{street: string}`; ` or null` behind what may be empty.
fn kinds(kind: &Value, rest: &mut Map<String, Value>) -> String {
    match kind {
        Value::String(kind) => one_kind(kind, rest),
        Value::Array(kinds) if kinds.len() == 2 && kinds[1] == "null" => {
            format!(
                "{} or null",
                kinds[0].as_str().map_or_else(|| kinds[0].to_string(), |kind| one_kind(kind, rest))
            )
        }
        other => format!("type {other}"),
    }
}

fn one_kind(kind: &str, rest: &mut Map<String, Value>) -> String {
    let format = match rest.get("format") {
        Some(Value::String(format)) => format!("({format})"),
        _ => String::new(),
    };
    if !format.is_empty() {
        rest.remove("format");
    }
    match kind {
        "array" if rest.contains_key("items") => {
            let items = rest.remove("items").unwrap_or_default();
            format!("[{}]{format}", brief(&items))
        }
        "object" if rest.contains_key("properties") => {
            let properties = rest.remove("properties");
            let required = rest.remove("required");
            format!("{{{}}}{format}", named(properties.as_ref(), required.as_ref()).join(", "))
        }
        "object" if rest.contains_key("additionalProperties") => {
            let each = rest.remove("additionalProperties").unwrap_or_default();
            format!("{{*: {}}}{format}", brief(&each))
        }
        plain => format!("{plain}{format}"),
    }
}

/// `("low" | "high")`.
fn choice(listed: &Value) -> String {
    let words = listed.as_array().map_or(&[][..], Vec::as_slice);
    let words: Vec<String> = words.iter().map(Value::to_string).collect();
    format!("({})", words.join(" | "))
}

/// `name: schema`, or `name?: schema` where it may be left out, in the order of the names.
fn named(properties: Option<&Value>, required: Option<&Value>) -> Vec<String> {
    let required = required.and_then(Value::as_array);
    let mark = |name: &str| {
        let must = required.is_some_and(|names| names.iter().any(|other| other == name));
        if must { "" } else { "?" }
    };
    let properties = properties.and_then(Value::as_object);
    let mut lines: Vec<String> = properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| format!("{name}{}: {}", mark(name), brief(schema)))
        .collect();
    lines.sort();
    lines
}
