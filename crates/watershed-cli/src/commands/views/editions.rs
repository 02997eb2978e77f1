//! New versions of views: filled, verified, put in the place of the old ones, and taken back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::args::{FlagArg, ViewChange, Which};
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Progress, Screen, Tone, ago, grouped, text};

/// How often what is under way is asked how it comes on.
const PAUSE: Duration = Duration::from_millis(100);

/// Shows editions, or takes a step with one.
pub(super) async fn editions(door: &mut Door, screen: Screen, change: &ViewChange) -> Result<(), CliError> {
    match change {
        ViewChange::Versions { name } => list(door, screen, name.as_deref()).await,
        ViewChange::Backfill { which, rate } => backfill(door, screen, which, *rate).await,
        ViewChange::Verify { which } => verify(door, screen, which).await,
        ViewChange::Cutover { which } => {
            let answer = step(door, which, "cutover", json!({})).await?;
            let words = format!(
                "Edition {} of {} serves. `views rollback {}` takes that back.",
                text(&answer, "edition"),
                text(&answer, "group"),
                which.name
            );
            Ok(screen.done(&words, &answer)?)
        }
        ViewChange::Rollback { which } => {
            let answer = step(door, which, "rollback", json!({})).await?;
            let words =
                format!("Edition {} of {} serves again.", text(&answer, "edition"), text(&answer, "group"));
            Ok(screen.done(&words, &answer)?)
        }
        ViewChange::Retire { which } => {
            let answer = step(door, which, "retire", json!({})).await?;
            let words =
                format!("Edition {} of {} is removed.", text(&answer, "edition"), text(&answer, "group"));
            Ok(screen.done(&words, &answer)?)
        }
        ViewChange::Flag { name, flag } => {
            let flag = match flag {
                FlagArg::Off => "off",
                FlagArg::Shadow => "shadow",
                FlagArg::Serving => "serving",
            };
            let path = door.admin(&format!("views/{name}/flag"));
            let answer = door.post(&path, &json!({ "flag": flag })).await?;
            Ok(screen.done(&format!("{name} is {flag}, and stays so."), &answer)?)
        }
        ViewChange::Save { name, snapshot } => {
            let path = door.admin(&format!("views/{name}/save"));
            let answer = door.post(&path, &json!({ "name": snapshot })).await?;
            let words = format!(
                "The rows of {} are saved as of event {} as snapshots/{snapshot}.db.",
                text(&answer, "group"),
                grouped(&answer, "position")
            );
            Ok(screen.done(&words, &answer)?)
        }
        ViewChange::Restore { name, snapshot } => {
            let path = door.admin(&format!("views/{name}/restore"));
            let answer = door.post(&path, &json!({ "name": snapshot })).await?;
            let edition = text(&answer, "edition");
            let words = format!(
                "Edition {edition} of {} is made of it, and catches up. `views verify {name} --edition {edition}` comes next.",
                text(&answer, "group")
            );
            Ok(screen.done(&words, &answer)?)
        }
        // invariant: the others are for whoever calls this
        _ => Ok(()),
    }
}

async fn step(door: &mut Door, which: &Which, verb: &str, mut body: Value) -> Result<Value, CliError> {
    if let Some(edition) = which.edition {
        body["edition"] = edition.into();
    }
    door.post(&door.admin(&format!("views/{}/{verb}", which.name)), &body).await
}

async fn entries(door: &mut Door, view: Option<&str>) -> Result<Vec<Value>, CliError> {
    let path = match view {
        Some(view) => door.admin(&format!("editions?view={view}")),
        None => door.admin("editions"),
    };
    Ok(door.get(&path).await?["editions"].as_array().cloned().unwrap_or_default())
}

async fn list(door: &mut Door, screen: Screen, view: Option<&str>) -> Result<(), CliError> {
    let entries = entries(door, view).await?;
    Ok(screen.rows(&entries, &columns())?)
}

fn columns() -> [Column; 9] {
    [
        Column::text("group", |edition| text(edition, "group")),
        Column::number("edition", |edition| text(edition, "edition")),
        Column::text("versions", |edition| text(edition, "version").trim_end_matches(';').replace(';', ", ")),
        Column::text("state", |edition| text(edition, "state")).toned(state_tone),
        Column::text("since", |edition| ago(edition, "since")),
        Column::number("position", |edition| grouped(edition, "position")),
        Column::number("behind", |edition| grouped(edition, "lag_events")),
        Column::number("parked", |edition| grouped(edition, "parked")),
        Column::text("verified", |edition| ago(edition, "verified")),
    ]
}

fn state_tone(edition: &Value) -> Tone {
    match edition["state"].as_str() {
        Some("serving") => Tone::Good,
        Some("backfilling") => Tone::Warning,
        _ => Tone::Plain,
    }
}

/// Begins to fill an edition, and stays until it has caught up, so that a folder that this process holds is not let go before.
async fn backfill(door: &mut Door, screen: Screen, which: &Which, rate: Option<u64>) -> Result<(), CliError> {
    let body = rate.map_or_else(|| json!({}), |rate| json!({ "rate": rate }));
    let answer = step(door, which, "backfill", body).await?;
    let progress = Progress::new("filling", screen.terminal);
    loop {
        let entries = entries(door, Some(&which.name)).await?;
        let edition = entries.iter().find(|edition| edition["edition"] == answer["edition"]);
        let edition = edition.cloned().unwrap_or_default();
        if let Some(done) = edition["filling"]["done"].as_u64() {
            progress.set(done, edition["filling"]["total"].as_u64().unwrap_or(0));
        }
        match edition["state"].as_str() {
            Some("backfilling") if edition["status"] != "stopped" => tokio::time::sleep(PAUSE).await,
            Some("backfilling") => {
                progress.finish();
                let name = &which.name;
                return Err(CliError::Undone(format!(
                    "{name} could not be filled: its projector has stopped. `views versions {name}` and the server's log say more"
                )));
            }
            _ => {
                progress.finish();
                let words = format!(
                    "Edition {} of {} is filled and kept up. `views verify {}` holds it against the one that serves.",
                    text(&edition, "edition"),
                    text(&edition, "group"),
                    which.name
                );
                return Ok(screen.done(&words, &edition)?);
            }
        }
    }
}

async fn verify(door: &mut Door, screen: Screen, which: &Which) -> Result<(), CliError> {
    step(door, which, "verify", json!({})).await?;
    let progress = Progress::new("comparing", screen.terminal);
    let path = door.admin(&format!("views/{}/verification", which.name));
    let verification = loop {
        let verification = door.get(&path).await?["verification"].take();
        progress.set(verification["rows"].as_u64().unwrap_or(0), 0);
        if !verification["finished"].is_null() {
            break verification;
        }
        tokio::time::sleep(PAUSE).await;
    };
    progress.finish();
    if !screen.terminal {
        screen.json(&verification)?;
    }
    if let Some(problem) = verification["problem"].as_str() {
        return Err(CliError::Undone(format!("the versions could not be compared: {problem}")));
    }
    let mismatches = verification["mismatches"].as_u64().unwrap_or(0);
    if mismatches == 0 {
        return Ok(screen.note(&format!(
            "{} rows are the same ({} differ as expected). `views cutover {}` has edition {} serve.",
            grouped(&verification, "rows"),
            grouped(&verification, "expected"),
            which.name,
            text(&verification, "edition")
        ))?);
    }
    let listed = verification["listed"].as_array().cloned().unwrap_or_default();
    if screen.terminal {
        screen.rows(&listed, &mismatch_columns())?;
    }
    Err(CliError::Undone(format!(
        "{mismatches} of {} rows differ; {} are listed. Mend the fold and raise its version, or declare what is meant to differ",
        grouped(&verification, "rows"),
        listed.len()
    )))
}

fn mismatch_columns() -> [Column; 5] {
    [
        Column::text("view", |row| text(row, "view")),
        Column::text("tenant", |row| text(row, "tenant")),
        Column::text("key", |row| text(row, "key")),
        Column::number("at", |row| grouped(row, "position")),
        Column::text("differs (serving -> new)", |row| {
            let only = text(row, "only_in");
            if !only.is_empty() {
                return format!("only in the {only} one");
            }
            let fields = row["fields"].as_array().cloned().unwrap_or_default();
            let fields = fields.iter().map(|field| {
                format!("{}: {} -> {}", text(field, "column"), text(field, "old"), text(field, "new"))
            });
            fields.collect::<Vec<_>>().join("\n")
        }),
    ]
}
