use serde_json::{Value, json};
use watershed_core::{ColumnSpec, Journal};
use watershed_runtime::{Catalogue, QueryEntry, ViewEntry};

use super::Document;
use super::names::Renaming;
use super::parts::{header, path_parameter, query_parameter, reference, request_header, response, summary};
use super::problems::{self, ASKING};
use crate::problem::{
    BAD_CURSOR, BAD_ID, NO_SUCH_ROW, NO_SUCH_STREAM, NOT_FOLLOWED, ProblemKind, TOO_MANY_WATCHES,
    UNREADABLE_STREAM,
};

/// Adds the views, queries and streams of a context.
pub(super) fn add(document: &mut Document, context: &str, catalogue: &Catalogue, renaming: &Renaming) {
    for view in &catalogue.views {
        let (base, row) = (format!("/api/{context}/views/{}", view.name), renaming.apply(&view.schema));
        let mut add = |path: String, question: Question<'_>| {
            document.paths.insert(path, json!({ "get": question.operation(context) }));
        };
        add(base.clone(), list(view, &row));
        add(format!("{base}/{{key}}"), one(view, &row));
        add(format!("{base}/{{key}}/watch"), watch(view));
    }
    for query in &catalogue.queries {
        let view = catalogue.views.iter().find(|view| view.name == query.view);
        let row = view.map_or(json!({}), |view| renaming.apply(&view.schema));
        let is_watched = view.is_some_and(is_watched) && !query.by_key;
        let mut operation = named(query, row, is_watched, renaming).operation(context);
        operation["description"] = query.doc.into();
        document.paths.insert(format!("/api/{context}/queries/{}", query.name), json!({ "get": operation }));
    }
    let path = format!("/api/{context}/streams/{{category}}/{{id}}");
    document.paths.insert(path, json!({ "get": stream().operation(context) }));
}

/// A question, on its way to an operation.
struct Question<'a> {
    id: String,
    summary: &'a str,
    parameters: Vec<Value>,
    answer: Value,
    /// Whether it can be watched: asked for as Server-Sent Events.
    is_watched: bool,
    /// What can go wrong beside what can with every question.
    problems: Vec<&'static ProblemKind>,
}

impl Question<'_> {
    fn operation(self, context: &str) -> Value {
        let headers = json!({
            "Watershed-Position": header("Everything up to this position is in the answer."),
            "Watershed-Lag-Ms": header("How long the oldest event that is not in it has stood in the log."),
            "Watershed-Plan": header("How the answer was come by: rows, tail-fold, waited, stale or current."),
            "Watershed-Stale": header("`true` where it does not show what it should."),
            "Watershed-Token": header("Ask with this token to see at least what this answer shows."),
            "Watershed-Contract": header("What the view promises.")
        });
        let mut responses = problems::of(ASKING, &self.problems);
        let answered = match self.answer {
            Value::Null => json!({
                "description": "Server-Sent Events named `row`, `stale` or `gone`; data is the row, id the position that it shows.",
                "headers": headers,
                "content": { "text/event-stream": { "schema": { "type": "string" } } }
            }),
            answer => response("The answer, with how fresh it is beside it.", &headers, &answer),
        };
        responses.insert("200".to_owned(), answered);
        if self.is_watched {
            let content = &mut responses["200"]["content"];
            content["text/event-stream"] = json!({
                "schema": { "type": "string" },
                "description": "What happens to the list, as events named `list` (read it now), `row` and `gone`; id is the place to go on from."
            });
        }
        json!({
            "tags": [context],
            "operationId": format!("{context}.{}", self.id),
            "summary": self.summary,
            "parameters": self.parameters,
            "responses": responses,
        })
    }
}

fn list(view: &ViewEntry, row: &Value) -> Question<'static> {
    let mut parameters: Vec<Value> = view.columns.iter().filter_map(filter).collect();
    let sort = "Columns with commas between them; `-` before one sorts the largest first.";
    parameters.push(query_parameter("sort", sort));
    parameters.extend(page_parameters());
    parameters.extend(asking_headers());
    let (id, answer, is_watched) = (format!("{}.list", view.name), page_of(row), is_watched(view));
    if is_watched {
        parameters.push(last_place());
    }
    let problems = vec![&BAD_CURSOR, &NOT_FOLLOWED, &TOO_MANY_WATCHES];
    Question { id, summary: "A page of rows", parameters, answer, is_watched, problems }
}

/// Whether lists of the view's rows can be watched.
fn is_watched(view: &ViewEntry) -> bool {
    view.contract.journal != Journal::Off
}

fn last_place() -> Value {
    request_header("Last-Event-ID", "Of a watch: the id of the last event that came, to go on from there.")
}

fn filter(column: &ColumnSpec) -> Option<Value> {
    let name = &column.name;
    if column.is_declared() {
        let how = format!("`{name}=`, or `{name}.OP=` with eq, ne, lt, lte, gt, gte, in or null for OP");
        return Some(query_parameter(name, &how));
    }
    let how = "Rows whose text holds this part, whatever the case of its letters.";
    column.searched.then(|| query_parameter(&format!("{name}.contains"), how))
}

fn one(view: &ViewEntry, row: &Value) -> Question<'static> {
    let mut parameters = vec![path_parameter("key")];
    parameters.extend(asking_headers());
    let (id, answer) = (format!("{}.get", view.name), row.clone());
    Question {
        id,
        summary: "One row",
        parameters,
        answer,
        is_watched: false,
        problems: vec![&NO_SUCH_ROW, &BAD_ID],
    }
}

fn watch(view: &ViewEntry) -> Question<'static> {
    let resume = request_header("Last-Event-ID", "The id of the last event that came, to go on from there.");
    Question {
        id: format!("{}.watch", view.name),
        summary: "The row, whenever it changes",
        parameters: vec![path_parameter("key"), resume],
        answer: Value::Null,
        is_watched: false,
        problems: vec![&BAD_ID, &TOO_MANY_WATCHES],
    }
}

fn named<'a>(query: &'a QueryEntry, row: Value, is_watched: bool, renaming: &Renaming) -> Question<'a> {
    let own = query.parameters.get("properties").and_then(Value::as_object);
    let required = query.parameters.get("required").and_then(Value::as_array);
    let parameter = |(name, schema): (&String, &Value)| {
        let required = required.is_some_and(|required| required.iter().any(|other| other == name));
        json!({ "name": name, "in": "query", "required": required, "schema": renaming.apply(schema) })
    };
    let mut parameters: Vec<Value> = own.into_iter().flatten().map(parameter).collect();
    let (answer, problems): (Value, Vec<&ProblemKind>) = if query.by_key {
        (row, vec![&NO_SUCH_ROW])
    } else {
        (page_of(&row), vec![&BAD_CURSOR, &NOT_FOLLOWED, &TOO_MANY_WATCHES])
    };
    if !query.by_key {
        parameters.extend(page_parameters());
    }
    if is_watched {
        parameters.push(last_place());
    }
    parameters.extend(asking_headers());
    let (id, summary) = (query.name.to_owned(), summary(query.doc));
    Question { id, summary, parameters, answer, is_watched, problems }
}

fn stream() -> Question<'static> {
    let parameters = vec![
        path_parameter("category"),
        path_parameter("id"),
        query_parameter("after", "Events after this version."),
        query_parameter("limit", "Events at most, from 1 to 1,000; 100 where nobody says."),
        query_parameter("at", "A version or a time: answers with the state then instead of the events."),
    ];
    let answer = json!({
        "type": "object",
        "properties": {
            "stream": { "type": "string" },
            "events": { "type": "array", "items": reference("Event") },
            "next": { "type": ["integer", "null"], "description": "Pass it as `after` for the events that follow." },
            "version": { "type": "integer", "description": "With `at`: what the state stands for." },
            "state": { "description": "With `at`: the state then." }
        }
    });
    let summary = "What happened to one thing";
    Question {
        id: "stream".to_owned(),
        summary,
        parameters,
        answer,
        is_watched: false,
        problems: vec![&NO_SUCH_STREAM, &BAD_ID, &UNREADABLE_STREAM],
    }
}

fn page_of(row: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["rows", "next"],
        "properties": {
            "rows": { "type": "array", "items": row },
            "next": { "type": ["string", "null"], "description": "Pass it as `after` for the next page." }
        }
    })
}

fn page_parameters() -> [Value; 2] {
    [
        query_parameter("limit", "Rows at most, from 1 to 1,000; 50 where nobody says."),
        query_parameter("after", "`next` of the page before, unchanged."),
    ]
}

fn asking_headers() -> [Value; 2] {
    [
        request_header("Watershed-Token", "The answer must show at least what this token stands for."),
        request_header("Watershed-On-Stale", "What to do where it cannot yet: wait, fold, serve or refuse."),
    ]
}
