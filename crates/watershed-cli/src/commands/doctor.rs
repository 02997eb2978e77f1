use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{log, views};
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Screen, Tone, ago, grouped, millis, text, thousands};
use crate::settings::Settings;

/// Beyond so many events, verifying is for whoever asks for it.
const VERIFIED: u64 = 5_000_000;
/// Below so much free space, something has to be done soon, and now.
const SPACE_WARNING: u64 = 2 << 30;
const SPACE_FAILURE: u64 = 200 << 20;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// Checks everything, and says what to do.
pub(super) async fn doctor(
    door: &mut Door,
    screen: Screen,
    settings: &Settings,
) -> Result<ExitCode, CliError> {
    let mut findings = Findings::default();
    findings.add("answered by", Verdict::Ok, door.described(), "");
    let facts = door.get(&door.admin("log")).await?;
    for fact in facts["store"].as_array().into_iter().flatten() {
        let verdict = if fact["sound"] == true { Verdict::Ok } else { Verdict::Fail };
        findings.add(&text(fact, "name"), verdict, text(fact, "value"), &text(fact, "advice"));
    }
    check_log(door, screen, &facts, &mut findings).await?;
    let answer = door.get(&door.admin("views")).await?;
    for view in views::rows(&answer) {
        check_view(door, view, &mut findings);
    }
    let answer = door.get(&door.admin("editions")).await?;
    for edition in answer["editions"].as_array().into_iter().flatten() {
        check_edition(door, edition, &mut findings);
    }
    let answer = door.get(&door.admin("imports")).await?;
    for import in answer["imports"].as_array().into_iter().flatten() {
        check_import(door, import, &mut findings);
    }
    if !door.is_remote() {
        check_space(&settings.data, &mut findings);
    }
    findings.show(screen)
}

async fn check_log(
    door: &mut Door,
    screen: Screen,
    facts: &Value,
    findings: &mut Findings,
) -> Result<(), CliError> {
    if facts["head"].as_u64().unwrap_or(0) > VERIFIED {
        let events = format!("{} events, not verified now", grouped(facts, "head"));
        findings.add(
            "log",
            Verdict::Warn,
            events,
            &format!("run {} when there is time", door.command("log verify")),
        );
        return Ok(());
    }
    let finding = log::verify(door, screen.terminal).await?;
    let verdict = if finding["sound"] == true { Verdict::Ok } else { Verdict::Fail };
    findings.add(
        "log",
        verdict,
        log::in_words(&finding),
        "stop, copy the data folder, and restore from a backup",
    );
    Ok(())
}

fn check_view(door: &Door, view: &Value, findings: &mut Findings) {
    let what = format!("view {}", text(view, "name"));
    let name = text(view, "name");
    let command = |words: &str| door.command(&format!("{words} {name}"));
    let behind = format!(
        "{} events behind, lag {} of {}",
        grouped(view, "lag_events"),
        millis(view, "lag_ms"),
        millis(view, "bound_ms")
    );
    let status = view["status"].as_str().unwrap_or_default();
    let error = text(&view["checkpoint"], "last_error");
    match status {
        "stopped" | "error" => {
            findings.add(
                &what,
                Verdict::Fail,
                format!("{status}: {error}"),
                &format!("correct the cause, then {}", command("views resume")),
            );
        }
        "paused" => {
            findings.add(
                &what,
                Verdict::Warn,
                format!("paused, {behind}"),
                &format!("{} when it may go on", command("views resume")),
            );
        }
        _ if view["within_bound"] != true => {
            findings.add(
                &what,
                Verdict::Fail,
                format!("contract broken: {behind}"),
                "wait if it is catching up; otherwise look at the server's log",
            );
        }
        _ => findings.add(&what, Verdict::Ok, behind, ""),
    }
    if let Some(drift @ 1..) = view["drift"].as_u64() {
        let found = format!(
            "{} rows are not what they should be, since {}",
            thousands(drift),
            ago(view, "drift_since")
        );
        let advice = match view["rebuild_strategy"].as_str() {
            Some("in full") => {
                format!(
                    "{} shows them; {} folds all rows anew",
                    command("views drift"),
                    command("views rebuild")
                )
            }
            _ => {
                format!("{} shows them; {} puts them right", command("views drift"), command("views repair"))
            }
        };
        findings.add(&what, Verdict::Fail, found, &advice);
    }
    if view["keeps_retention"] == false {
        findings.add(
            &what,
            Verdict::Fail,
            "rows that are past their age are not deleted".to_owned(),
            &format!("see why `{name}` does not go on, then {}", command("views resume")),
        );
    }
    if let Some(parked @ 1..) = view["parked"].as_u64() {
        let found = format!("{} keys parked", thousands(parked));
        findings.add(
            &what,
            Verdict::Fail,
            found,
            &format!(
                "{} shows why; {} once the cause is gone",
                door.command(&format!("parked list --view {name}")),
                door.command(&format!("parked retry {name} KEY"))
            ),
        );
    }
}

/// An edition beside the one that serves: what is wrong with that one is said of its views.
fn check_edition(door: &Door, edition: &Value, findings: &mut Findings) {
    let state = edition["state"].as_str().unwrap_or_default();
    if matches!(state, "serving" | "declared" | "retired") {
        return;
    }
    let (group, number) = (text(edition, "group"), text(edition, "edition"));
    let what = format!("edition {number} of {group}");
    let behind = format!("{state}, {} events behind", grouped(edition, "lag_events"));
    match edition["status"].as_str().unwrap_or_default() {
        status @ ("stopped" | "error") => {
            let advice = format!(
                "see the server's log; {} gives it up",
                door.command(&format!("views retire {group} --edition {number}"))
            );
            findings.add(&what, Verdict::Fail, format!("{status}: {behind}"), &advice);
        }
        _ => findings.add(&what, Verdict::Ok, behind, ""),
    }
    if let Some(parked @ 1..) = edition["parked"].as_u64() {
        let found = format!("{} keys parked", thousands(parked));
        findings.add(&what, Verdict::Warn, found, "its fold fails there: mend it before it serves");
    }
}

fn check_import(door: &Door, import: &Value, findings: &mut Findings) {
    let name = text(import, "name");
    let what = format!("import {name}");
    match import["kept"].as_u64() {
        Some(kept @ 1..) => findings.add(
            &what,
            Verdict::Warn,
            format!("{} lines could not be taken, and wait", thousands(kept)),
            &format!(
                "{} shows why; {} once the cause is gone",
                door.command(&format!("imports list {name}")),
                door.command(&format!("imports retry {name} --all"))
            ),
        ),
        _ => findings.add(&what, Verdict::Ok, "no line waits".to_owned(), ""),
    }
}

fn check_space(data: &Path, findings: &mut Findings) {
    let Some(free) = free_space(data) else {
        return findings.add("disk space", Verdict::Warn, "cannot be asked for", "look at it yourself");
    };
    let verdict = match free {
        _ if free < SPACE_FAILURE => Verdict::Fail,
        _ if free < SPACE_WARNING => Verdict::Warn,
        _ => Verdict::Ok,
    };
    let advice = "free space: a full disk makes the log read-only";
    findings.add("disk space", verdict, format!("{} MiB free", thousands(free >> 20)), advice);
}

/// Bytes that are free where the data is.
#[cfg(unix)]
fn free_space(data: &Path) -> Option<u64> {
    rustix::fs::statvfs(data).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_space(_: &Path) -> Option<u64> {
    None
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<(Verdict, Value)>);

impl Findings {
    fn add(&mut self, check: &str, verdict: Verdict, found: impl Into<String>, advice: &str) {
        let word = match verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        let advice = if verdict == Verdict::Ok { "" } else { advice };
        self.0.push((
            verdict,
            json!({ "check": check, "verdict": word, "found": found.into(), "advice": advice }),
        ));
    }

    fn show(self, screen: Screen) -> Result<ExitCode, CliError> {
        let worst = self.0.iter().map(|(verdict, _)| *verdict).max();
        let rows: Vec<Value> = self.0.into_iter().map(|(_, row)| row).collect();
        let columns = [
            Column::text("", |row| text(row, "verdict")).toned(|row| match row["verdict"].as_str() {
                Some("ok") => Tone::Good,
                Some("warn") => Tone::Warning,
                _ => Tone::Bad,
            }),
            Column::text("check", |row| text(row, "check")),
            Column::text("found", |row| text(row, "found")),
            Column::text("what to do", |row| text(row, "advice")),
        ];
        screen.rows(&rows, &columns)?;
        Ok(if worst == Some(Verdict::Fail) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
