use std::sync::Arc;

use watershed_core::Position;
use watershed_http::{Audit, Fact, Verified};
use watershed_sqlite::{Health, SqliteLog};

/// What the embedded store tells auditors and operators.
pub(super) struct LogAudit(pub(super) Arc<SqliteLog>);

impl Audit for LogAudit {
    fn verify(&self, progress: &mut dyn FnMut(Position, Position)) -> Result<Verified, String> {
        let verified = self.0.verify(progress).map_err(|error| error.to_string())?;
        Ok(Verified {
            log: verified.identity.id.to_string(),
            epoch: verified.identity.epoch,
            position: verified.head,
            commits: verified.commits,
            link: verified.link.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    fn facts(&self) -> Vec<Fact> {
        let health = match self.0.health() {
            Health::Writable => fact("writes", "taken", None),
            Health::ReadOnly { reason, resumes: true } => {
                fact("writes", &reason, Some("free space on the disk; writing goes on by itself"))
            }
            Health::ReadOnly { reason, .. } => {
                fact("writes", &reason, Some("repair the disk, then start the server again"))
            }
            other => fact("writes", &format!("{other:?}"), None),
        };
        // The store refuses to open with less, and with an SQLite that could corrupt it.
        let durability =
            fact("durability", "a commit is on disk when it is acknowledged (synchronous=FULL)", None);
        vec![health, durability, fact("sqlite", watershed_sqlite::sqlite_version(), None)]
    }
}

fn fact(name: &'static str, value: &str, advice: Option<&str>) -> Fact {
    Fact { name, value: value.to_owned(), sound: advice.is_none(), advice: advice.map(str::to_owned) }
}
