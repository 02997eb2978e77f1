use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::args::ParkedAction;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Screen, ago, grouped, text};

/// Shows the parked keys, or does something about one.
pub(super) async fn parked(
    door: &mut Door,
    screen: Screen,
    action: Option<ParkedAction>,
) -> Result<(), CliError> {
    match action {
        None => by_cause(door, screen).await,
        Some(ParkedAction::List { view }) => {
            let entries = entries(door, view.as_deref()).await?;
            if entries.is_empty() {
                return Ok(screen.note("Nothing is parked.")?);
            }
            Ok(screen.rows(&entries, &key_columns())?)
        }
        Some(ParkedAction::Retry { view, key: _, cause: Some(cause), tenant: _ }) => {
            let body = json!({ "view": view, "fingerprint": cause });
            let answer = door.post(&door.admin("parked/retry"), &body).await?;
            let (released, still) = (grouped(&answer, "released"), grouped(&answer, "still_parked"));
            Ok(screen.done(
                &format!("{released} keys of {view} are parked no more, {still} are still."),
                &answer,
            )?)
        }
        Some(ParkedAction::Retry { view, key, cause: None, tenant }) => {
            // invariant: one of the two has been said
            let key = key.unwrap_or_default();
            let body = json!({ "view": view, "key": key, "tenant": tenant });
            let answer = door.post(&door.admin("parked/retry"), &body).await?;
            Ok(screen.done(&outcome(&answer, &view, &key), &answer)?)
        }
        Some(ParkedAction::Skip { view, key, position, tenant }) => {
            let body = json!({ "view": view, "key": key, "tenant": tenant, "position": position });
            let answer = door.post(&door.admin("parked/skip"), &body).await?;
            Ok(screen.done(&outcome(&answer, &view, &key), &answer)?)
        }
    }
}

async fn entries(door: &mut Door, view: Option<&str>) -> Result<Vec<Value>, CliError> {
    let path = match view {
        Some(view) => door.admin(&format!("parked?view={view}")),
        None => door.admin("parked"),
    };
    let answer = door.get(&path).await?;
    Ok(answer["parked"].as_array().cloned().unwrap_or_default())
}

/// One line for each cause: a thousand keys that failed alike are one thing to look at.
async fn by_cause(door: &mut Door, screen: Screen) -> Result<(), CliError> {
    let entries = entries(door, None).await?;
    if !screen.terminal {
        return Ok(screen.rows(&entries, &[])?);
    }
    if entries.is_empty() {
        return Ok(screen.line("Nothing is parked.")?);
    }
    let mut causes: BTreeMap<(String, String), (u64, u64, Value)> = BTreeMap::new();
    for entry in entries {
        let waiting = entry["waiting"].as_u64().unwrap_or(0);
        let cause = causes
            .entry((text(&entry, "view"), text(&entry, "fingerprint")))
            .or_insert_with(|| (0, 0, entry));
        cause.0 += 1;
        cause.1 += waiting;
    }
    let rows: Vec<Value> = causes
        .into_values()
        .map(|(keys, waiting, mut first)| {
            first["keys"] = keys.into();
            first["waiting"] = waiting.into();
            first
        })
        .collect();
    screen.rows(&rows, &cause_columns())?;
    Ok(screen.line(
        "`parked list` shows every key; `parked retry VIEW KEY` tries one again, `--cause CAUSE` all of one.",
    )?)
}

fn cause_columns() -> [Column; 8] {
    [
        Column::text("view", |cause| text(cause, "view")),
        Column::number("keys", |cause| grouped(cause, "keys")),
        Column::number("events", |cause| grouped(cause, "waiting")),
        Column::text("error", |cause| text(cause, "error")),
        Column::text("cause", |cause| text(cause, "fingerprint")),
        Column::text("first key", |cause| text(cause, "key")),
        Column::number("at event", |cause| grouped(cause, "position")),
        Column::text("since", |cause| ago(cause, "since")),
    ]
}

fn key_columns() -> [Column; 8] {
    [
        Column::text("view", |entry| text(entry, "view")),
        Column::text("tenant", |entry| text(entry, "tenant")),
        Column::text("key", |entry| text(entry, "key")),
        Column::number("at event", |entry| text(entry, "position")),
        Column::number("waiting", |entry| grouped(entry, "waiting")),
        Column::text("error", |entry| text(entry, "error")),
        Column::number("tried", |entry| grouped(entry, "attempts")),
        Column::text("since", |entry| ago(entry, "since")),
    ]
}

fn outcome(answer: &Value, view: &str, key: &str) -> String {
    match answer["outcome"].as_str() {
        Some("released") => {
            format!("{key} of {view} is parked no more: {} events were applied.", grouped(answer, "events"))
        }
        _ => format!(
            "{key} of {view} is parked still, on event {}: {}.",
            text(answer, "position"),
            text(answer, "error")
        ),
    }
}
