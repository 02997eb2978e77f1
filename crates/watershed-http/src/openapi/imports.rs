use serde_json::{Value, json};
use watershed_runtime::{Catalogue, ImportEntry};

use super::Document;
use super::names::Renaming;
use super::parts::{header, query_parameter, reference, request_header, response, summary};
use super::problems;
use crate::problem::{
    BODY_BROKEN, BODY_TOO_SLOW, DENIED, MALFORMED_HEADER, MALFORMED_PARAMETER, READ_ONLY, TOO_MANY_IMPORTS,
    TRIAGE_FULL, UNSUPPORTED_MEDIA_TYPE,
};

/// Adds the imports of a context.
pub(super) fn add(document: &mut Document, context: &str, catalogue: &Catalogue, renaming: &Renaming) {
    for import in &catalogue.imports {
        let path = format!("/api/{context}/imports/{}", import.name);
        document.paths.insert(path, json!({ "post": of_import(context, import, renaming) }));
    }
}

fn of_import(context: &str, import: &ImportEntry, renaming: &Renaming) -> Value {
    let mut responses = problems::of(
        &[&MALFORMED_HEADER, &MALFORMED_PARAMETER, &UNSUPPORTED_MEDIA_TYPE, &BODY_TOO_SLOW, &BODY_BROKEN],
        &[&DENIED, &TRIAGE_FULL, &TOO_MANY_IMPORTS, &READ_ONLY],
    );
    let headers =
        json!({ "Watershed-Token": header("Ask with this token to see everything that was taken.") });
    let read = "Every line has been looked at. Those that could not be taken are counted, told (the first hundred of each \
                kind) and kept for operators; they are no problem of the request.";
    responses.insert("200".to_owned(), response(read, &headers, &reference("ImportSummary")));
    let how = "One JSON object a line. Each record takes effect once, by its foreign id, however often it is sent; records \
               of one stream are taken in their order. The body is read as fast as commands are taken.";
    json!({
        "tags": [context],
        "operationId": format!("{context}.import.{}", import.name),
        "summary": summary(import.doc),
        "description": format!("{}\n\n{how}", import.doc),
        "parameters": [
            query_parameter("source", "What the lines come in, a file's name; kept with those that cannot be taken."),
            query_parameter("first_line", "The number of the first line, where the body is part of a whole."),
            request_header("X-Correlation-Id", "What the commands belong to; recorded with their events."),
            request_header("traceparent", "The W3C trace context; recorded with their events.")
        ],
        "requestBody": {
            "required": true,
            "description": how,
            "content": { "application/x-ndjson": { "schema": renaming.apply(&import.schema) } }
        },
        "responses": responses,
    })
}
