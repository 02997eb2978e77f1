//! The OpenAPI 3.1 document, made from what the contexts have registered.

mod commands;
mod imports;
mod names;
mod operating;
mod parts;
mod problems;
mod questions;
mod schemas;

use serde_json::{Map, Value, json};
use watershed_runtime::Catalogue;

/// Collects the parts of the document.
#[derive(Default)]
struct Document {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
    tags: Vec<Value>,
}

/// The document of these contexts.
pub(crate) fn document(contexts: &[(&str, &Catalogue)]) -> Value {
    let mut document = Document::default();
    problems::add(&mut document);
    schemas::add_ours(&mut document);
    for (context, catalogue) in contexts {
        let renaming = names::Renaming::of(&document.schemas, context, catalogue);
        schemas::add(&mut document, catalogue, &renaming);
        commands::add(&mut document, context, catalogue, &renaming);
        imports::add(&mut document, context, catalogue, &renaming);
        questions::add(&mut document, context, catalogue, &renaming);
        operating::add(&mut document, context);
        let operating = format!("{context}: operating");
        document.tags.extend([json!({ "name": context }), json!({ "name": operating })]);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Watershed",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Commands decide, views answer. Problems are RFC 9457 documents; /errors/{code} says what each means."
        },
        "tags": document.tags,
        "paths": document.paths,
        "components": { "schemas": document.schemas, "responses": problems::responses() },
    })
}
