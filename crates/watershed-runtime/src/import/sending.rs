use std::sync::Arc;
use std::time::{Duration, Instant};

use watershed_core::{Position, Principal};

use super::Importer;
use super::importer::{Prepared, Sent};
use crate::command::{AnyRefusal, Request, SendError, is_name};
use crate::context::Running;
use crate::telemetry;

/// How often a line is sent while others get in its way, before it is left for later.
const TRIES: u32 = 40;
/// The longest pause in between.
const PAUSE: Duration = Duration::from_millis(50);

/// What became of a line.
pub(super) enum Outcome {
    Taken(Position),
    AlreadyTaken(Position),
    /// It was not taken, and sending it again at once would not help.
    Left {
        code: &'static str,
        reason: String,
    },
    /// No command can be taken just now.
    Stop(SendError<AnyRefusal>),
}

/// Under which key a record is taken: one for all that bear its foreign id, for ever. None where the id cannot be part of one.
pub(super) fn key_of(import: &str, foreign_id: &str) -> Option<Arc<str>> {
    let key: Arc<str> = format!("import/{import}/{foreign_id}").into();
    (!foreign_id.is_empty() && is_name(&key)).then_some(key)
}

/// Sends a line's command until there is an answer that counts.
pub(super) async fn send(
    running: &Running,
    importer: &dyn Importer,
    line: &[u8],
    prepared: Prepared,
    request: &Request,
) -> Outcome {
    let (command, id, foreign_id) = (prepared.command, prepared.id.clone(), prepared.foreign_id.clone());
    let mut next = Some(prepared);
    for attempt in 0..TRIES {
        // A command is used up by sending it: the line gives it again.
        let Some(prepared) = next.take().or_else(|| importer.read(line).ok()) else { break };
        let error = match send_once(running, prepared, request.clone()).await {
            None => {
                let reason = "the command's decision panicked; the log says where".to_owned();
                return Outcome::Left { code: "internal", reason };
            }
            // A receipt without an event is the domain's word that there was nothing new in it.
            Some(Ok(receipt)) if receipt.replayed || receipt.events.is_empty() => {
                return Outcome::AlreadyTaken(receipt.position);
            }
            Some(Ok(receipt)) => return Outcome::Taken(receipt.position),
            Some(Err(error)) => error,
        };
        match error {
            SendError::KeyReused => {
                return taken_otherwise(running, &request.principal, request.key.as_deref(), command, &id)
                    .await
                    .unwrap_or_else(|elsewhere| Outcome::Left {
                        code: "key-reused",
                        reason: format!("`{foreign_id}` was taken before, by {elsewhere}"),
                    });
            }
            SendError::InFlight | SendError::Contended { .. } => {
                tokio::time::sleep(PAUSE.min(Duration::from_millis(1 << attempt.min(10)))).await;
            }
            SendError::ReadOnly(_) | SendError::Unavailable(_) => return Outcome::Stop(error),
            other => return Outcome::Left { code: other.code(), reason: other.reason() },
        }
    }
    Outcome::Left { code: "contended", reason: format!("others got in its way {TRIES} times") }
}

/// Sends a command on a task of its own: where its decision panics, the line is lost and not the batch. None in that case.
async fn send_once(running: &Running, prepared: Prepared, request: Request) -> Option<Sent> {
    let started = Instant::now();
    let (context, command) = (running.name(), prepared.command);
    let sent = tokio::spawn((prepared.send)(request)).await.ok()?;
    telemetry::command(context, command, crate::context::outcome(&sent), started.elapsed());
    Some(sent)
}

/// A foreign id came before with another content. Of the same thing that is taken: the first word counts. Of another thing it
/// is worth a look; which one is the error.
async fn taken_otherwise(
    running: &Running,
    principal: &Principal,
    key: Option<&str>,
    command: &str,
    id: &str,
) -> Result<Outcome, String> {
    let found = match key {
        Some(key) => running.0.core.log.find_key(&principal.tenant, key).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(record)) => {
            let category = running.category_of(command);
            let same =
                id.is_empty() || (category == Some(&*record.stream.category) && *record.stream.id == *id);
            if same { Ok(Outcome::AlreadyTaken(record.position)) } else { Err(record.stream.to_string()) }
        }
        Ok(None) => Err("somebody else".to_owned()),
        Err(error) => Ok(Outcome::Stop(error.into())),
    }
}
