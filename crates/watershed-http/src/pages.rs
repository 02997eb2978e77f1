//! What stands beside the APIs: the index, health, and a page for every problem.

use std::collections::BTreeMap;
use std::fmt::Write;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use watershed_core::Journal;
use watershed_runtime::BrokenContract;

use crate::hosted::{Hosted, shortened};
use crate::problem::{ALL, CLOSING, NOT_FOUND, Problem, REFUSED, of_code};
use crate::reply::{Reply, json, text};

/// `/`: what there is, as lines to copy.
pub(crate) fn index(contexts: &[Hosted], headers: &HeaderMap) -> Reply {
    let host =
        headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:8080");
    let mut page = format!("Watershed: decide once, answer many ways.\n\nAt http://{host}:\n\n");
    for hosted in contexts {
        let (name, catalogue) = (hosted.running.name(), hosted.running.catalogue());
        // Writing to a String cannot fail.
        let _ = writeln!(page, "The context `{name}`");
        for asset in hosted.assets.iter().filter(|asset| asset.is_page()) {
            let _ = writeln!(page, "  GET  /{name}/{}", asset.path());
        }
        for command in &catalogue.commands {
            let _ = writeln!(page, "  POST /api/{name}/commands/{}", command.name);
        }
        for import in &catalogue.imports {
            let _ = writeln!(page, "  POST /api/{name}/imports/{}", import.name);
        }
        for view in &catalogue.views {
            let _ = writeln!(page, "  GET  /api/{name}/views/{}", view.name);
        }
        for query in &catalogue.queries {
            let _ = writeln!(page, "  GET  /api/{name}/queries/{}", query.name);
        }
        let _ = writeln!(page, "  GET  /api/{name}/views/{{view}}/{{key}}         one row");
        let _ =
            writeln!(page, "  GET  /api/{name}/views/{{view}}/{{key}}/watch   the row whenever it changes");
        if catalogue.views.iter().any(|view| view.contract.journal != Journal::Off) {
            let _ = writeln!(
                page,
                "  GET  /api/{name}/views/{{view}}               with Accept: text/event-stream, the list whenever it changes"
            );
        }
        let _ = writeln!(page, "  GET  /api/{name}/streams/{{category}}/{{id}}    what happened");
        let _ = writeln!(page, "  GET  /admin/{name}/views                    how the views stand\n");
    }
    page.push_str("Everything, with schemas: /openapi.json. Problems: /errors. Measurements: /metrics.\n");
    text(page)
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    /// The process, so that whoever finds a server can tell whether it is the one that was meant.
    process: u32,
}

#[derive(Serialize)]
struct Details {
    #[serde(flatten)]
    health: Health,
    /// By context: the views that do not keep what they promise.
    broken: BTreeMap<&'static str, Vec<BrokenContract>>,
}

/// `/healthz`: the process is there, whatever its views do; and which of them do not keep what they promise.
pub(crate) async fn health(contexts: &[Hosted]) -> Reply {
    let mut broken = BTreeMap::new();
    for hosted in contexts {
        let contracts = hosted.running.broken_contracts().await;
        if !contracts.is_empty() {
            broken.insert(hosted.running.name(), contracts);
        }
    }
    json(&Details { health: Health { status: "ok", process: std::process::id() }, broken })
}

/// `/readyz`: it takes requests.
pub(crate) fn ready(closing: bool) -> Result<Reply, Problem> {
    if closing {
        return Err(Problem::new(&CLOSING, "the server is going down"));
    }
    Ok(json(&Health { status: "ready", process: std::process::id() }))
}

#[derive(Serialize)]
struct ErrorEntry {
    code: &'static str,
    status: u16,
    title: &'static str,
    retryable: bool,
    page: String,
}

/// `/errors`: every kind of problem.
pub(crate) fn error_pages() -> Reply {
    let entries: Vec<ErrorEntry> = ALL
        .iter()
        .map(|kind| ErrorEntry {
            code: kind.code,
            status: kind.status.as_u16(),
            title: kind.title,
            retryable: kind.retryable,
            page: format!("/errors/{}", kind.code),
        })
        .collect();
    json(&entries)
}

/// `/errors/{code}`: what a problem means and what to do; for a domain's own code, what refusals are.
pub(crate) fn error_page(contexts: &[Hosted], code: &str) -> Result<Reply, Problem> {
    let mut page = match of_code(code) {
        Some(kind) => text(kind.page),
        None => {
            let refusals = contexts.iter().flat_map(|hosted| &hosted.running.catalogue().refusals);
            let refusal = refusals.into_iter().find(|refusal| refusal.code == code);
            let unknown = || Problem::new(&NOT_FOUND, format!("there is no problem `{}`", shortened(code)));
            let refusal = refusal.ok_or_else(unknown)?;
            let field =
                refusal.field.map(|field| format!(" It is about the field `{field}`.")).unwrap_or_default();
            text(format!("# {code} (422)\n\nA refusal of the domain's own.{field}\n\n{}", REFUSED.page))
        }
    };
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/markdown; charset=utf-8"));
    Ok(page)
}
