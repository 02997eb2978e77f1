use serde_json::Value;

use crate::args::Changes;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Screen, ago, grouped, text};

/// How many entries are asked for at once.
const PAGE: u64 = 1_000;

/// Shows the journal of a view's group: which rows have changed, by number.
pub(super) async fn changes(door: &mut Door, screen: Screen, which: &Changes) -> Result<(), CliError> {
    let name = &which.name;
    let (mut after, mut left) = (which.after, which.limit.unwrap_or(u64::MAX));
    let mut is_first = true;
    loop {
        let path = format!("views/{name}/changes?after={after}&limit={}", left.clamp(1, PAGE));
        let part = door.get(&door.admin(&path)).await?;
        let first = part["first"].as_u64().unwrap_or(1);
        if is_first && first > after + 1 {
            screen.note(&format!("Changes up to {} are not kept any more.", first - 1))?;
        }
        let entries = part["changes"].as_array().map_or(&[][..], Vec::as_slice);
        if is_first && entries.is_empty() {
            screen.note("Nothing has changed behind that number.")?;
        }
        is_first = false;
        let Some(last) = entries.last().filter(|_| left > 0) else { return Ok(()) };
        screen.lines(entries, &columns())?;
        after = last["number"].as_u64().unwrap_or(u64::MAX);
        left = left.saturating_sub(entries.len() as u64);
        if left == 0 {
            return Ok(());
        }
    }
}

fn columns() -> [Column; 9] {
    [
        Column::number("number", |entry| grouped(entry, "number")),
        Column::text("written", |entry| ago(entry, "at")),
        Column::text("view", |entry| text(entry, "view")),
        Column::text("tenant", |entry| text(entry, "tenant")),
        Column::text("key", |entry| text(entry, "key")),
        Column::text("what", what),
        Column::number("position", |entry| grouped(entry, "position")),
        Column::number("revision", |entry| grouped(entry, "revision")),
        Column::number("generation", |entry| grouped(entry, "generation")),
    ]
}

/// What has become of the row, in the words of whoever follows a list.
fn what(entry: &Value) -> String {
    match (entry["what"].as_str(), entry["was_shown"].as_bool()) {
        (Some("everything"), _) => "any row may have changed".to_owned(),
        (Some("shown"), Some(false)) => "new".to_owned(),
        (Some("shown"), _) => "changed".to_owned(),
        (Some(what), _) => what.to_owned(),
        (None, _) => String::new(),
    }
}
