use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use watershed_core::Event;

use super::brief::{brief, fields};
use super::entry::Entry;
use crate::fail;

/// The entries of one event enum, by the JSON schema that it has for whoever reads old events.
pub(super) fn entries_of<E: Event>() -> Vec<Entry> {
    let schema = SchemaSettings::default()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<E>();
    let root = bare(schema.as_value());
    let entry = |kind: &watershed_core::EventKind| {
        if kind.upcasts.len() + 1 != kind.schema as usize {
            fail(format!(
                "`{}` has schema {} and {} upcast(s): it needs one from each schema to the next",
                kind.name,
                kind.schema,
                kind.upcasts.len()
            ));
        }
        let Some(variant) = variant(&root, kind.variant) else {
            fail(format!(
                "the JSON schema of the event `{}` has no variant `{}`: is it renamed for serde?",
                kind.name, kind.variant
            ));
        };
        let mut shape = fields(&variant);
        shape.extend(definitions(&root, &shape));
        Entry { name: kind.name.to_owned(), category: E::CATEGORY.to_owned(), schema: kind.schema, shape }
    };
    E::KINDS.iter().map(entry).collect()
}

/// The schema of the data of one variant: serde writes `{"Variant": data}`, or `"Variant"` where there is none.
fn variant(root: &Value, name: &str) -> Option<Value> {
    let is_unit = |schema: &Value| {
        let listed = schema.get("enum").and_then(Value::as_array);
        schema.get("const").is_some_and(|word| word == name)
            || listed.is_some_and(|words| words.iter().any(|word| word == name))
    };
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|key| root.get(key)?.as_array());
    let alternatives = alternatives.map_or_else(|| vec![root], |all| all.iter().collect());
    alternatives.into_iter().find_map(|schema| {
        if is_unit(schema) {
            return Some(Value::Object(Map::new()));
        }
        schema.get("properties")?.get(name).cloned()
    })
}

/// The definitions that the lines refer to, and those that these refer to. Only types that hold themselves need them.
fn definitions(root: &Value, lines: &[String]) -> Vec<String> {
    let all = root.get("$defs").and_then(Value::as_object);
    let mut found: Vec<(&String, String)> = Vec::new();
    loop {
        let mentioned = |name: &str| {
            let mark = format!("#/$defs/{name}\"");
            let in_found = found.iter().any(|(_, line)| line.contains(&mark));
            in_found || lines.iter().any(|line| line.contains(&mark))
        };
        let next = all
            .into_iter()
            .flatten()
            .find(|(name, _)| mentioned(name) && !found.iter().any(|(known, _)| known == name));
        match next {
            Some((name, schema)) => found.push((name, format!("where {name}: {}", brief(schema)))),
            None => break,
        }
    }
    found.sort();
    found.into_iter().map(|(_, line)| line).collect()
}

/// The schema without what says nothing of the shape: descriptions, titles, examples, our own marks.
fn bare(schema: &Value) -> Value {
    match schema {
        Value::Object(entries) => Value::Object(
            entries
                .iter()
                .filter(|(key, _)| !is_prose(key))
                .map(|(key, value)| (key.clone(), bare_entry(key, value)))
                .collect(),
        ),
        Value::Array(schemas) => Value::Array(schemas.iter().map(bare).collect()),
        other => other.clone(),
    }
}

fn bare_entry(key: &str, value: &Value) -> Value {
    match (key, value) {
        // What stands here are data, not schemas.
        ("default" | "const" | "enum" | "required" | "type", value) => value.clone(),
        // The keys here are names, whatever they say.
        ("properties" | "$defs" | "patternProperties", Value::Object(named)) => {
            Value::Object(named.iter().map(|(name, schema)| (name.clone(), bare(schema))).collect())
        }
        (_, value) => bare(value),
    }
}

fn is_prose(key: &str) -> bool {
    matches!(key, "description" | "title" | "examples" | "deprecated" | "$schema" | "$comment")
        || key.starts_with("x-")
}
