use serde_json::{Value, json};

use crate::args::ImportsAction;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Progress, Screen, Tone, ago, grouped, text, thousands};

/// How many lines are asked for at once.
const PAGE: usize = 500;

/// Shows the lines that imports could not take, or does something about them.
pub(super) async fn imports(
    door: &mut Door,
    screen: Screen,
    action: Option<ImportsAction>,
) -> Result<(), CliError> {
    match action {
        None => all(door, screen).await,
        Some(ImportsAction::List { import }) => list(door, screen, &import).await,
        Some(ImportsAction::Show { import, number }) => {
            let line = door.get(&door.admin(&format!("imports/{import}/{number}"))).await?;
            if !screen.terminal {
                return Ok(screen.json(&line)?);
            }
            screen.rows(std::slice::from_ref(&line), &columns())?;
            Ok(screen.line(&text(&line, "content"))?)
        }
        Some(ImportsAction::Retry { import, number: Some(number), .. }) => {
            let answer = retry(door, &import, number).await?;
            Ok(screen.done(&outcome(number, &answer), &answer)?)
        }
        Some(ImportsAction::Retry { import, number: None, .. }) => retry_all(door, screen, &import).await,
        Some(ImportsAction::Discard { import, number }) => {
            let body = json!({ "number": number });
            let answer = door.post(&door.admin(&format!("imports/{import}/discard")), &body).await?;
            Ok(screen.done(&format!("Line {number} is let go."), &answer)?)
        }
    }
}

/// The imports themselves.
async fn all(door: &mut Door, screen: Screen) -> Result<(), CliError> {
    let answer = door.get(&door.admin("imports")).await?;
    let imports = answer["imports"].as_array().map_or(&[][..], Vec::as_slice);
    if imports.is_empty() {
        return Ok(screen.note("This context takes in nothing; name another one with --context.")?);
    }
    let columns = [
        Column::text("import", |import| text(import, "name")),
        Column::number("kept lines", |import| grouped(import, "kept")).toned(kept_tone),
        Column::text("takes", |import| text(import, "doc")),
    ];
    Ok(screen.rows(imports, &columns)?)
}

fn kept_tone(import: &Value) -> Tone {
    if import["kept"].as_u64() == Some(0) { Tone::Plain } else { Tone::Warning }
}

async fn list(door: &mut Door, screen: Screen, import: &str) -> Result<(), CliError> {
    let lines = lines(door, import).await?;
    if lines.is_empty() {
        return Ok(screen.note("Nothing is kept: every line was taken.")?);
    }
    screen.lines(&lines, &columns())?;
    Ok(screen.note("`imports retry IMPORT NUMBER` tries one again; `imports discard` lets it go.")?)
}

/// All lines that an import keeps.
async fn lines(door: &mut Door, import: &str) -> Result<Vec<Value>, CliError> {
    let (mut lines, mut after) = (Vec::new(), 0);
    loop {
        let path = door.admin(&format!("imports/{import}?after={after}&limit={PAGE}"));
        let page = door.get(&path).await?;
        lines.extend(page["lines"].as_array().into_iter().flatten().cloned());
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => return Ok(lines),
        }
    }
}

async fn retry(door: &mut Door, import: &str, number: u64) -> Result<Value, CliError> {
    let body = json!({ "number": number });
    door.post(&door.admin(&format!("imports/{import}/retry")), &body).await
}

async fn retry_all(door: &mut Door, screen: Screen, import: &str) -> Result<(), CliError> {
    let lines = lines(door, import).await?;
    let progress = Progress::new("trying again", screen.terminal);
    let (mut taken, mut left) = (0, 0);
    for (place, line) in lines.iter().enumerate() {
        let answer = retry(door, import, line["number"].as_u64().unwrap_or(0)).await?;
        *(if answer["outcome"] == "left" { &mut left } else { &mut taken }) += 1;
        progress.set(place as u64 + 1, lines.len() as u64);
    }
    progress.finish();
    let words = format!("{} were taken, {} are left.", thousands(taken), thousands(left));
    Ok(screen.done(&words, &json!({ "taken": taken, "left": left }))?)
}

fn outcome(number: u64, answer: &Value) -> String {
    match answer["outcome"].as_str() {
        Some("taken") => format!("Line {number} was taken."),
        Some("already-taken") => format!("Line {number} had been taken in the meantime."),
        _ => format!("Line {number} is left: {} ({}).", text(answer, "reason"), text(answer, "code")),
    }
}

fn columns() -> [Column; 8] {
    [
        Column::number("number", |line| text(line, "number")),
        Column::text("source", |line| text(line, "source")),
        Column::number("line", |line| grouped(line, "line")),
        Column::text("code", |line| text(line, "code")),
        Column::text("why", |line| text(line, "reason")),
        Column::number("times", |line| grouped(line, "times")),
        Column::text("since", |line| ago(line, "since")),
        Column::text("content", |line| text(line, "content")),
    ]
}
