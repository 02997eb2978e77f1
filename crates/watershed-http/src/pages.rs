//! What stands beside the APIs: the index, health, metrics, and a page for every problem.

use std::collections::BTreeMap;
use std::fmt::Write;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use watershed_core::{Journal, Principal, Timestamp};
use watershed_runtime::{BrokenContract, ViewStatus};

use crate::hosted::{Hosted, shortened};
use crate::problem::{ALL, CLOSING, NOT_FOUND, Problem, REFUSED, of_code};
use crate::reply::{Reply, json, text};
use crate::telemetry::{GaugeText, Metrics};

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

/// `/metrics`: what was measured, and how every view stands, in Prometheus' text form.
pub(crate) async fn metrics(
    contexts: &[Hosted],
    collected: Option<&Metrics>,
    watches: usize,
    who: &Principal,
) -> Result<Reply, Problem> {
    let mut views = Vec::new();
    for hosted in contexts {
        for view in hosted.running.views(who).await? {
            views.push((hosted.running.name(), view));
        }
    }
    let mut page = GaugeText::after(collected.map(Metrics::render).unwrap_or_default());
    for (name, help, of) in VIEW_GAUGES {
        let series = views
            .iter()
            .map(|(context, view)| (vec![("context", *context), ("view", view.name.as_str())], of(view)));
        page.gauge(name, help, series);
    }
    let info = views.iter().map(|(context, view)| {
        let labels = vec![
            ("context", *context),
            ("view", view.name.as_str()),
            ("owner", view.owner.as_str()),
            ("freshness", view.freshness.as_str()),
            ("status", view.status.as_str()),
        ];
        (labels, 1.0)
    });
    page.gauge("watershed_view_info", "A view's contract and status; always 1.", info);
    let heads = contexts
        .iter()
        .map(|hosted| (vec![("context", hosted.running.name())], float(hosted.running.head())));
    let open = std::iter::once((Vec::new(), float(watches.try_into().unwrap_or(u64::MAX))));
    page.gauge("watershed_http_watches", "Open watches.", open);
    page.gauge("watershed_log_head_position", "The log's last durable position.", heads);
    Ok(text(page.finish()))
}

type ViewGauge = (&'static str, &'static str, fn(&ViewStatus) -> f64);

const VIEW_GAUGES: [ViewGauge; 14] = [
    ("watershed_view_position", "Everything up to this position is in the view's rows.", |view| {
        float(view.position)
    }),
    ("watershed_view_lag_events", "Events in the log that are not in the view's rows.", |view| {
        float(view.lag_events)
    }),
    ("watershed_view_lag_seconds", "Age of the oldest event that is not in the view's rows.", |view| {
        float(view.lag_ms) / 1e3
    }),
    ("watershed_view_bound_seconds", "The lag that the view's contract allows.", |view| {
        float(view.bound_ms) / 1e3
    }),
    ("watershed_view_within_bound", "1 where the view keeps its contract.", |view| {
        float(view.within_bound.into())
    }),
    (
        "watershed_view_keeps_contract",
        "1 where the view keeps everything that its contract promises.",
        |view| float(view.keeps_contract.into()),
    ),
    ("watershed_view_drift", "Rows that are known not to be what they should be.", |view| float(view.drift)),
    (
        "watershed_view_drift_since_seconds",
        "Since when the longest of them, in seconds of 1970; 0 for none.",
        |view| seconds(view.drift_since),
    ),
    ("watershed_view_looked_at_seconds", "When rows were last held against the log; 0 for never.", |view| {
        seconds(view.looked_at)
    }),
    (
        "watershed_view_keeps_retention",
        "1 where rows that are past the age that the contract allows are deleted in time.",
        |view| float(view.keeps_retention.into()),
    ),
    ("watershed_view_parked_keys", "Keys whose event failed to apply.", |view| float(view.parked)),
    ("watershed_view_workers", "Workers that fold the view's group; 0 where it is always current.", |view| {
        float(view.workers.unwrap_or(0).into())
    }),
    ("watershed_view_rebuild_done_events", "Events that a running rebuild has folded.", |view| {
        float(view.rebuild.as_ref().map_or(0, |rebuild| rebuild.done))
    }),
    ("watershed_view_rebuild_total_events", "Events that a running rebuild has to fold.", |view| {
        float(view.rebuild.as_ref().map_or(0, |rebuild| rebuild.total))
    }),
];

fn seconds(time: Option<Timestamp>) -> f64 {
    time.map_or(0.0, |time| time.as_micros() as f64 / 1e6)
}

/// Prometheus knows floating-point numbers only; positions are exact up to 2^53.
fn float(number: u64) -> f64 {
    number as f64
}
