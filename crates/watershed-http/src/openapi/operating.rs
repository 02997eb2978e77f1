use serde_json::{Value, json};

use super::Document;
use super::parts::path_parameter;
use super::problems;
use crate::problem::{
    DAMAGED_LOG, DAMAGED_VIEW, DENIED, KEPT_ELSEWHERE, MALFORMED_BODY, MALFORMED_PARAMETER, NO_AUDIT,
    NO_EDITION, NOT_PARKED, PARKED_MOVED, UNKNOWN_VIEW, UNSUPPORTED_MEDIA_TYPE, WRONG_STATE,
};

/// What an operator can look at, under `/admin/{context}/`.
const READS: [(&str, &str); 15] = [
    ("views", "How every view stands: lag, bound, parked keys, checkpoint"),
    (
        "nodes",
        "The processes that share the rows, when each was last heard of, and which keeps the rows of which group",
    ),
    ("editions", "The editions of every group of views; `view` for those of one view's"),
    ("views/{view}/verification", "How the last verification of an edition went, or goes"),
    (
        "views/{view}/changes",
        "The journal of a view's group: which rows have changed, by number; `after` and `limit` page",
    ),
    ("checkpoints", "The checkpoints: one for each group of views"),
    ("contracts", "What every view promises, and what of it is broken"),
    ("drift", "The rows that are known not to be what they should be; `view` for those of one view"),
    ("parked", "The parked keys; `view` for those of one view"),
    ("imports", "The imports, and how many lines of each could not be taken and wait to be looked at"),
    ("imports/{import}", "Those lines; `after` and `limit` page"),
    ("imports/{import}/{number}", "One of them, whole"),
    ("events", "The whole log; `after` and `limit` page"),
    ("log", "Which log it is, how far it has come, and what its store says of itself"),
    ("log/verify", "Checks every event and link; as application/x-ndjson it tells how that comes on"),
];

/// What an operator can do there.
const CHANGES: [(&str, &str); 18] = [
    ("views/{view}/pause", "Stops a view's projector"),
    ("views/{view}/resume", "Starts it again"),
    (
        "views/{view}/workers",
        "Has so many workers fold a view's group from its next batch on: {workers}, 1 to 16",
    ),
    (
        "views/{view}/rebuild",
        "Builds a view's rows anew from the log: all; one row {tenant, key}; those that a part of the log concerns \
         {from, to} or {since, until}",
    ),
    ("views/{view}/reconcile", "Holds a view's rows against the log: all, or a {sample} of about so many"),
    (
        "views/{view}/repair",
        "Puts right what is known to be wrong in a view's group, or one row {tenant, key}",
    ),
    (
        "views/{view}/backfill",
        "Begins to fill a new version: {edition?, rate?}, with at most `rate` events a second",
    ),
    ("views/{view}/verify", "Begins to hold an edition against the one that serves: {edition?}"),
    ("views/{view}/cutover", "Has a verified edition serve: {edition?}"),
    ("views/{view}/rollback", "Has the edition serve that did before: {edition?}"),
    ("views/{view}/retire", "Removes an edition that does not serve: {edition?}"),
    ("views/{view}/save", "Saves the rows that serve in the data folder's `snapshots`: {name}"),
    ("views/{view}/restore", "Makes an edition of saved rows, which catches up from there: {name}"),
    ("views/{view}/flag", "Puts a view in use or out of it: {flag}, one of off, shadow, serving"),
    ("imports/{import}/retry", "Tries a line again: {number}"),
    ("imports/{import}/discard", "Lets a line go that will never be taken: {number}"),
    (
        "parked/retry",
        "Tries a parked key again: {view, tenant, key}; or all that are parked for one cause: {view, fingerprint}",
    ),
    ("parked/skip", "Passes over the event that a key is parked on: {view, tenant, key, position}"),
];

/// Adds the operator's API of a context.
pub(super) fn add(document: &mut Document, context: &str) {
    for (path, summary) in READS {
        let problems =
            problems::of(&[&DENIED, &MALFORMED_PARAMETER, &NO_AUDIT, &DAMAGED_VIEW, &DAMAGED_LOG], &[]);
        let mut operation = operation(context, path, summary, problems.into());
        name_parameters(path, &mut operation);
        document.paths.insert(format!("/admin/{context}/{path}"), json!({ "get": operation }));
    }
    for (path, summary) in CHANGES {
        let problems = problems::of(
            &[&DENIED, &MALFORMED_BODY, &UNSUPPORTED_MEDIA_TYPE, &UNKNOWN_VIEW, &WRONG_STATE],
            &[&NOT_PARKED, &PARKED_MOVED, &NO_EDITION, &KEPT_ELSEWHERE],
        );
        let mut operation = operation(context, path, summary, problems.into());
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": { "type": "object" } } } });
        name_parameters(path, &mut operation);
        document.paths.insert(format!("/admin/{context}/{path}"), json!({ "post": operation }));
    }
}

/// Describes what stands in braces in the path.
fn name_parameters(path: &str, operation: &mut Value) {
    let named = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Vec<Value> = named.map(path_parameter).collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
}

fn operation(context: &str, path: &str, summary: &str, mut responses: Value) -> Value {
    responses["200"] = json!({ "description": "Done.", "content": { "application/json": { "schema": { "type": "object" } } } });
    // What stands in braces is left out, but at the end, where it tells one of a list from the list.
    let is_named = |part: &&str| !part.starts_with('{') || path.ends_with(*part);
    let id: Vec<&str> = path.split('/').filter(is_named).map(|part| part.trim_matches(['{', '}'])).collect();
    json!({
        "tags": [format!("{context}: operating")],
        "operationId": format!("{context}.admin.{}", id.join(".")),
        "summary": summary,
        "responses": responses,
    })
}
