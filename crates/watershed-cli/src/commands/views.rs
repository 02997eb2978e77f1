use std::time::Duration;

use serde_json::{Value, json};

use super::editions;
use crate::args::ViewChange;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Progress, Screen, Tone, grouped, millis, text, thousands};

/// How often a rebuild is asked how it comes on.
const PAUSE: Duration = Duration::from_millis(100);

/// Shows how every view stands.
pub(super) async fn statuses(door: &mut Door, screen: Screen) -> Result<(), CliError> {
    let answer = door.get(&door.admin("views")).await?;
    Ok(screen.rows(rows(&answer), &columns())?)
}

pub(super) fn rows(answer: &Value) -> &[Value] {
    answer["views"].as_array().map_or(&[], Vec::as_slice)
}

fn columns() -> [Column; 10] {
    [
        Column::text("view", |view| text(view, "name")),
        Column::text("kind", |view| text(view, "kind")),
        Column::text("status", |view| text(view, "status")).toned(status_tone),
        Column::number("position", |view| grouped(view, "position")),
        Column::number("behind", |view| grouped(view, "lag_events")),
        Column::number("lag", |view| millis(view, "lag_ms")).toned(lag_tone),
        Column::number("bound", |view| millis(view, "bound_ms")),
        Column::number("parked", |view| grouped(view, "parked")).toned(parked_tone),
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

fn parked_tone(view: &Value) -> Tone {
    if view["parked"].as_u64() == Some(0) { Tone::Plain } else { Tone::Bad }
}

/// Pauses, resumes or rebuilds a view.
pub(super) async fn change(door: &mut Door, screen: Screen, change: &ViewChange) -> Result<(), CliError> {
    let (name, verb) = match change {
        ViewChange::Pause { name } => (name, "pause"),
        ViewChange::Resume { name } => (name, "resume"),
        ViewChange::Rebuild { name } => return rebuild(door, screen, name).await,
        other => return editions::editions(door, screen, other).await,
    };
    let answer = door.post(&door.admin(&format!("views/{name}/{verb}")), &json!({})).await?;
    let words = match change {
        ViewChange::Pause { .. } => format!("{name} is paused, and stays so until `views resume {name}`."),
        _ => format!("{name} goes on."),
    };
    Ok(screen.done(&words, &answer)?)
}

/// Starts a rebuild and stays until it is done, so that a folder that this process holds is not let go before.
async fn rebuild(door: &mut Door, screen: Screen, name: &str) -> Result<(), CliError> {
    let before = status_of(door, name).await?;
    door.post(&door.admin(&format!("views/{name}/rebuild")), &json!({})).await?;
    let progress = Progress::new("rebuilding", screen.terminal);
    loop {
        let view = status_of(door, name).await?;
        if let Some(done) = view["rebuild"]["done"].as_u64() {
            progress.set(done, view["rebuild"]["total"].as_u64().unwrap_or(0));
            let memory = view["rebuild"]["memory"].as_u64().unwrap_or(0);
            progress.say(format!("{} KiB in memory", thousands(memory >> 10)));
        } else if view["last_rebuild"] != before["last_rebuild"] {
            progress.finish();
            let last = &view["last_rebuild"];
            let rate = thousands(last["events_per_second"].as_u64().unwrap_or(0));
            let words = format!("{name} was rebuilt: {} events, {rate} a second.", grouped(last, "done"));
            return Ok(screen.done(&words, &view)?);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn status_of(door: &mut Door, name: &str) -> Result<Value, CliError> {
    let answer = door.get(&door.admin("views")).await?;
    let found = rows(&answer).iter().find(|view| view["name"] == name);
    Ok(found.cloned().unwrap_or_default())
}
