use std::collections::BTreeSet;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::rebuild::mended;
use super::rows;
use crate::args::Reconcile;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Screen, ago, grouped, text};

/// Holds rows against the log, and shows where they differ.
pub(super) async fn reconcile(
    door: &mut Door,
    screen: Screen,
    what: &Reconcile,
) -> Result<ExitCode, CliError> {
    let views = match &what.name {
        Some(name) => vec![name.clone()],
        None => stored_views(door).await?,
    };
    let body =
        what.sample.filter(|_| !what.offline).map_or_else(|| json!({}), |keys| json!({ "sample": keys }));
    let (mut drift, mut looked_at) = (0, BTreeSet::new());
    for view in views {
        // The views of a group are looked at together.
        if looked_at.contains(&view) {
            continue;
        }
        let report = door.post(&door.admin(&format!("views/{view}/reconcile")), &body).await?;
        let of_group = report["views"].as_array().map_or(&[][..], Vec::as_slice);
        looked_at.extend(of_group.iter().map(|of| text(of, "view")));
        drift += report["drift"].as_u64().unwrap_or(0);
        screen.done(&in_words(&report), &report)?;
        show_rows(screen, of_group)?;
        if what.repair && report["drift"] != 0 {
            repair(door, screen, &view, None, "").await?;
        }
    }
    Ok(if drift == 0 || what.repair { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The views with rows of their own.
async fn stored_views(door: &mut Door) -> Result<Vec<String>, CliError> {
    let answer = door.get(&door.admin("views")).await?;
    let stored = rows(&answer).iter().filter(|view| view["kind"] != "sql-view");
    Ok(stored.map(|view| text(view, "name")).collect())
}

fn in_words(report: &Value) -> String {
    let found = match report["drift"].as_u64() {
        Some(0) => "nothing differs".to_owned(),
        _ => format!("{} rows are not what they should be", grouped(report, "drift")),
    };
    format!(
        "{}: {found}. {} rows, {} events, {} a second.",
        text(report, "group"),
        grouped(report, "rows"),
        grouped(report, "events"),
        grouped(report, "events_per_second"),
    )
}

/// Shows what is known.
pub(super) async fn show(door: &mut Door, screen: Screen, view: Option<&str>) -> Result<ExitCode, CliError> {
    let path = match view {
        Some(view) => door.admin(&format!("drift?view={view}")),
        None => door.admin("drift"),
    };
    let answer = door.get(&path).await?;
    let views = answer["drift"].as_array().map_or(&[][..], Vec::as_slice);
    let drift: u64 = views.iter().filter_map(|view| view["drift"].as_u64()).sum();
    if screen.terminal {
        if drift == 0 {
            screen.line("No row is known to be wrong. `views reconcile` looks.")?;
        }
        show_rows(screen, views)?;
    } else {
        screen.rows(views, &[])?;
    }
    Ok(if drift == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show_rows(screen: Screen, views: &[Value]) -> Result<(), CliError> {
    let rows: Vec<Value> =
        views.iter().flat_map(|view| view["rows"].as_array().cloned().unwrap_or_default()).collect();
    if screen.terminal && !rows.is_empty() {
        screen.rows(&rows, &columns())?;
    }
    Ok(())
}

fn columns() -> [Column; 6] {
    [
        Column::text("view", |row| text(row, "view")),
        Column::text("tenant", |row| text(row, "tenant")),
        Column::text("key", |row| text(row, "key")),
        Column::text("how", |row| text(row, "kind")),
        Column::text("what", what_differs),
        Column::text("since", |row| ago(row, "since")),
    ]
}

fn what_differs(row: &Value) -> String {
    let fields = row["fields"].as_array().map_or(&[][..], Vec::as_slice);
    let mut what: Vec<String> = fields
        .iter()
        .map(|field| {
            format!("{}: {}, not {}", text(field, "field"), text(field, "stored"), text(field, "expected"))
        })
        .collect();
    if !row["problem"].is_null() {
        what.push(format!("{} {}", text(row, "check"), text(row, "problem")).trim().to_owned());
    }
    what.join("; ")
}

/// Puts rows right.
pub(super) async fn repair(
    door: &mut Door,
    screen: Screen,
    view: &str,
    key: Option<&str>,
    tenant: &str,
) -> Result<(), CliError> {
    let body = key.map_or_else(|| json!({}), |key| json!({ "key": key, "tenant": tenant }));
    let answer = door.post(&door.admin(&format!("views/{view}/repair")), &body).await?;
    Ok(screen.done(&mended(view, &answer), &answer)?)
}
