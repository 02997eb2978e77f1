use std::process::ExitCode;

use serde_json::{Value, json};

use crate::args::LogAction;
use crate::client::Door;
use crate::error::CliError;
use crate::output::{Progress, Screen, grouped, text};

/// Verifies the log, or says where it ends.
pub(super) async fn log(door: &mut Door, screen: Screen, action: LogAction) -> Result<ExitCode, CliError> {
    match action {
        LogAction::Head => {
            let facts = door.get(&door.admin("log")).await?;
            let head = json!({ "log": facts["log"], "epoch": facts["epoch"], "head": facts["head"] });
            let words = format!(
                "log {}, epoch {}, {} events",
                text(&head, "log"),
                text(&head, "epoch"),
                grouped(&head, "head")
            );
            screen.done(&words, &head)?;
            Ok(ExitCode::SUCCESS)
        }
        LogAction::Verify => {
            let finding = verify(door, screen.terminal).await?;
            screen.done(&in_words(&finding), &finding)?;
            screen.note(
                "`log export-head` gives the link that stands for all of them, to be kept elsewhere.",
            )?;
            Ok(code_of(&finding))
        }
        // JSON also for people: it is to be kept.
        LogAction::ExportHead => {
            let finding = verify(door, screen.terminal).await?;
            screen.json(&finding)?;
            Ok(code_of(&finding))
        }
    }
}

/// Has the whole log verified, with a bar where somebody looks on.
pub(super) async fn verify(door: &mut Door, shown: bool) -> Result<Value, CliError> {
    let progress = Progress::new("verifying", shown);
    let mut finding = Value::Null;
    let path = door.admin("log/verify");
    door.lines(&path, |line| match (line["done"].as_u64(), line["total"].as_u64()) {
        (Some(done), Some(total)) => progress.set(done, total),
        _ => finding = line,
    })
    .await?;
    progress.finish();
    Ok(finding)
}

/// What a verification found, for people.
pub(super) fn in_words(finding: &Value) -> String {
    if finding["sound"] == true {
        let (events, commits) = (grouped(finding, "position"), grouped(finding, "commits"));
        format!("sound: {events} events in {commits} commits")
    } else {
        format!("NOT SOUND: {}", text(finding, "problem"))
    }
}

fn code_of(finding: &Value) -> ExitCode {
    if finding["sound"] == true { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
