//! Views: how they stand, what they promise, and what can be done about them.

mod changes;
mod contract;
mod drift;
mod editions;
mod rebuild;

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::args::ViewChange;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Screen, Tone, grouped, millis, text};

/// Shows how every view stands.
pub(super) async fn statuses(door: &mut Door, screen: Screen) -> Result<(), CliError> {
    let answer = door.get(&door.admin("views")).await?;
    let (rows, mut columns) = (rows(&answer), columns().to_vec());
    if rows.iter().any(|view| view["node"].is_string()) {
        columns.push(Column::text("kept by", |view| text(view, "node")));
    }
    Ok(screen.rows(rows, &columns)?)
}

pub(super) fn rows(answer: &Value) -> &[Value] {
    answer["views"].as_array().map_or(&[], Vec::as_slice)
}

fn columns() -> [Column; 12] {
    [
        Column::text("view", |view| text(view, "name")),
        Column::text("kind", |view| text(view, "kind")),
        Column::text("status", |view| text(view, "status")).toned(status_tone),
        Column::number("position", |view| grouped(view, "position")),
        Column::number("behind", |view| grouped(view, "lag_events")),
        Column::number("lag", |view| millis(view, "lag_ms")).toned(lag_tone),
        Column::number("bound", |view| millis(view, "bound_ms")),
        Column::number("parked", |view| grouped(view, "parked")).toned(parked_tone),
        Column::number("workers", |view| text(view, "workers")),
        Column::number("drift", |view| grouped(view, "drift")).toned(drift_tone),
        Column::text("freshness", |view| text(view, "freshness")),
        Column::text("owner", |view| text(view, "owner")),
    ]
}

fn status_tone(view: &Value) -> Tone {
    match view["status"].as_str() {
        Some("running" | "") => Tone::Good,
        Some("rebuilding" | "paused") => Tone::Warning,
        _ => Tone::Bad,
    }
}

fn lag_tone(view: &Value) -> Tone {
    if view["within_bound"] == true { Tone::Plain } else { Tone::Bad }
}

fn drift_tone(view: &Value) -> Tone {
    if view["drift"].as_u64().unwrap_or(0) == 0 { Tone::Plain } else { Tone::Bad }
}

fn parked_tone(view: &Value) -> Tone {
    if view["parked"].as_u64() == Some(0) { Tone::Plain } else { Tone::Bad }
}

/// Does what a word after `views` says.
pub(super) async fn change(
    door: &mut Door,
    screen: Screen,
    change: &ViewChange,
) -> Result<ExitCode, CliError> {
    match change {
        ViewChange::Pause { name } => {
            let words = format!("{name} is paused, and stays so until `views resume {name}`.");
            simple(door, screen, name, "pause", &words).await?;
        }
        ViewChange::Resume { name } => {
            simple(door, screen, name, "resume", &format!("{name} goes on.")).await?;
        }
        ViewChange::Workers { name, workers } => {
            let path = door.admin(&format!("views/{name}/workers"));
            let answer = door.post(&path, &json!({ "workers": workers })).await?;
            let words = format!("{name} is folded by {workers} from its next batch on, and stays so.");
            screen.done(&words, &answer)?;
        }
        ViewChange::Rebuild(what) => rebuild::rebuild(door, screen, what).await?,
        ViewChange::Reconcile(what) => return drift::reconcile(door, screen, what).await,
        ViewChange::Drift { name } => return drift::show(door, screen, name.as_deref()).await,
        ViewChange::Repair { name, key, tenant } => {
            drift::repair(door, screen, name, key.as_deref(), tenant).await?;
        }
        ViewChange::Changes(which) => changes::changes(door, screen, which).await?,
        ViewChange::Contract { markdown } => contract::contracts(door, screen, *markdown).await?,
        other => editions::editions(door, screen, other).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn simple(
    door: &mut Door,
    screen: Screen,
    name: &str,
    verb: &str,
    words: &str,
) -> Result<(), CliError> {
    let answer = door.post(&door.admin(&format!("views/{name}/{verb}")), &json!({})).await?;
    Ok(screen.done(words, &answer)?)
}
