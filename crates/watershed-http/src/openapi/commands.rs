use serde_json::{Value, json};
use watershed_runtime::{Catalogue, CommandEntry};

use super::Document;
use super::names::Renaming;
use super::parts::{header, reference, request_header, response, summary};
use super::problems::{self, SENDING};

/// Adds the commands of a context.
pub(super) fn add(document: &mut Document, context: &str, catalogue: &Catalogue, renaming: &Renaming) {
    let refusals: Vec<&str> = catalogue.refusals.iter().map(|refusal| refusal.code).collect();
    for command in &catalogue.commands {
        let path = format!("/api/{context}/commands/{}", command.name);
        let operation = of_command(context, command, &refusals, renaming);
        document.paths.insert(path, json!({ "post": operation }));
    }
}

fn of_command(context: &str, command: &CommandEntry, refusals: &[&str], renaming: &Renaming) -> Value {
    let mut responses = problems::of(SENDING, &[]);
    let headers = json!({
        "ETag": header("The stream's version, to be sent as If-Match."),
        "Watershed-Token": header("Ask with this token to see at least what this command did."),
        "Idempotency-Replayed": header("`true` where this is the stored answer to an earlier command.")
    });
    let taken = "Taken: its events are on disk. With the same Idempotency-Key again, the same receipt.";
    responses.insert("200".to_owned(), response(taken, &headers, &reference("Receipt")));
    json!({
        "tags": [context],
        "operationId": format!("{context}.{}", command.name),
        "summary": summary(command.doc),
        "description": command.doc,
        "parameters": [
            request_header("Idempotency-Key", "Makes the command take effect once, however often it is sent."),
            request_header("If-Match", "Take the command only if the stream is at this version: \"3\"."),
            request_header("If-None-Match", "`*`: take the command only if the stream is new."),
            request_header("X-Correlation-Id", "What the command belongs to; recorded with its events."),
            request_header("traceparent", "The W3C trace context; recorded with its events.")
        ],
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": renaming.apply(&command.schema) } }
        },
        "responses": responses,
        "x-refusals": refusals,
    })
}
