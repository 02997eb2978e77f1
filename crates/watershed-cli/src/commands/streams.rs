use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::events::columns;
use crate::args::Streams;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Screen, grouped};

/// Shows what happened to one thing, or how it stood then.
pub(super) async fn streams(door: &mut Door, screen: Screen, which: &Streams) -> Result<(), CliError> {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let path = door.api(&format!("streams/{}/{}", encoded(&which.category), encoded(&which.id)));
    if let Some(at) = &which.at {
        let answer = door.get(&format!("{path}?at={}", encoded(at))).await?;
        if screen.terminal {
            screen.line(&format!(
                "{}/{} at version {}",
                which.category,
                which.id,
                grouped(&answer, "version")
            ))?;
            screen.line(&serde_json::to_string_pretty(&answer["state"])?)?;
            return Ok(());
        }
        return Ok(screen.json(&answer)?);
    }
    let mut after = 0;
    loop {
        let page = door.get(&format!("{path}?after={after}&limit=1000")).await?;
        screen.lines(page["events"].as_array().map_or(&[][..], Vec::as_slice), &columns())?;
        match &page["next"] {
            Value::Number(next) => after = next.as_u64().unwrap_or(u64::MAX),
            _ => return Ok(()),
        }
    }
}
