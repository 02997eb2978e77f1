use std::time::Duration;

use serde_json::Value;

use crate::args::Events;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Column, Screen, ago, grouped, text};

/// How many events are asked for at once.
const PAGE: u64 = 1_000;
/// How often whoever follows looks for more.
const PAUSE: Duration = Duration::from_millis(200);

/// Shows the log's events, page by page, and goes on as they come where that is asked for.
pub(super) async fn events(door: &mut Door, screen: Screen, which: &Events) -> Result<(), CliError> {
    let (mut after, mut left) = (which.after, which.limit.unwrap_or(u64::MAX));
    loop {
        let path = door.admin(&format!("events?after={after}&limit={}", left.min(PAGE)));
        let page = if left == 0 { Value::Null } else { door.get(&path).await? };
        let events = page["events"].as_array().cloned().unwrap_or_default();
        if !events.is_empty() {
            screen.lines(&events, &columns())?;
            after = page["next"].as_u64().unwrap_or(after);
            left = left.saturating_sub(events.len() as u64);
        } else if which.follow {
            tokio::time::sleep(PAUSE).await;
        } else {
            return Ok(());
        }
    }
}

/// What is shown of an event.
pub(super) fn columns() -> [Column; 6] {
    [
        Column::number("position", |event| grouped(event, "position")),
        Column::text("recorded", |event| ago(event, "recorded_at")),
        Column::text("stream", |event| text(event, "stream")),
        Column::number("version", |event| grouped(event, "version")),
        Column::text("event", |event| text(event, "name")),
        Column::text("data", |event| event["data"].to_string()),
    ]
}
