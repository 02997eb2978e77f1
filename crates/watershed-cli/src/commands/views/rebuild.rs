use std::time::Duration;

use serde_json::{Map, Value, json};

use super::rows;
use crate::args::Rebuild;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Progress, Screen, grouped, thousands};

/// How often a rebuild is asked how it comes on.
const PAUSE: Duration = Duration::from_millis(100);

/// Builds all of a view's rows anew, or some of them.
pub(super) async fn rebuild(door: &mut Door, screen: Screen, what: &Rebuild) -> Result<(), CliError> {
    let mut part = Map::new();
    if let Some(key) = &what.key {
        part.insert("key".to_owned(), key.as_str().into());
        part.insert("tenant".to_owned(), what.tenant.as_str().into());
    }
    for (name, position) in [("from", what.from), ("to", what.to)] {
        part.extend(position.map(|position| (name.to_owned(), position.into())));
    }
    for (name, time) in [("since", &what.since), ("until", &what.until)] {
        part.extend(time.as_deref().map(|time| (name.to_owned(), instant(time).into())));
    }
    if part.is_empty() {
        return rebuild_all(door, screen, &what.name).await;
    }
    let answer = door.post(&door.admin(&format!("views/{}/rebuild", what.name)), &part.into()).await?;
    Ok(screen.done(&mended(&what.name, &answer), &answer)?)
}

/// A day is its first moment.
fn instant(text: &str) -> String {
    if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") }
}

/// What was put right, for people.
pub(super) fn mended(name: &str, answer: &Value) -> String {
    format!(
        "{name}: {} rows folded again, {} were wrong; {} groups of rollups were; {} keys are parked no more, {} are.",
        grouped(answer, "refolded"),
        grouped(answer, "rows"),
        grouped(answer, "groups"),
        grouped(answer, "released"),
        grouped(answer, "parked"),
    )
}

/// Starts a rebuild and stays until it is done, so that a folder that this process holds is not let go before.
async fn rebuild_all(door: &mut Door, screen: Screen, name: &str) -> Result<(), CliError> {
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
