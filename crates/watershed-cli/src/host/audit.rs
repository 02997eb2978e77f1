use std::sync::Arc;

use tokio::runtime::Handle;
use watershed_core::Position;
use watershed_http::{Audit, Fact, Verified};
use watershed_postgres::PostgresLog;
use watershed_sqlite::{Health, SqliteLog};

/// What the embedded store tells auditors and operators.
pub(super) struct LogAudit(pub(super) Arc<SqliteLog>);

impl Audit for LogAudit {
    fn verify(&self, progress: &mut dyn FnMut(Position, Position)) -> Result<Verified, String> {
        let verified = self.0.verify(progress).map_err(|error| error.to_string())?;
        Ok(shown(&verified))
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

/// What a log on PostgreSQL tells auditors and operators.
pub(super) struct SharedAudit(pub(super) Arc<PostgresLog>);

impl Audit for SharedAudit {
    fn verify(&self, progress: &mut dyn FnMut(Position, Position)) -> Result<Verified, String> {
        // invariant: called where blocking stops nobody, on a thread of the program's runtime.
        let verified = Handle::current().block_on(self.0.verify(progress));
        Ok(shown(&verified.map_err(|error| error.to_string())?))
    }

    fn facts(&self) -> Vec<Fact> {
        let about = self.0.about();
        let writes = match self.0.problem() {
            None => fact("writes", "taken", None),
            Some(problem) => {
                fact("writes", &problem, Some("see to the server; writing goes on by itself once it is back"))
            }
        };
        // The store refuses a server that would do with less.
        let kept = match (about.synchronous_commit.as_str(), about.standbys.as_str()) {
            (_, "") => "a commit is on the server's disk when it is acknowledged".to_owned(),
            (mode, standbys) => format!(
                "a commit is on the disks of the server and of {standbys} when it is acknowledged (synchronous_commit={mode})"
            ),
        };
        let encrypted = match (about.encrypted, about.local) {
            (true, _) => fact("connections", "encrypted", None),
            (false, true) => fact("connections", "not encrypted, on this machine", None),
            (false, false) => fact(
                "connections",
                "NOT ENCRYPTED",
                Some("turn on TLS at the server, and say sslmode=verify-full in the store's url"),
            ),
        };
        vec![
            writes,
            fact("store", &about.place, None),
            fact("durability", &kept, None),
            encrypted,
            fact("postgresql", &about.version, None),
        ]
    }
}

fn shown(verified: &watershed_sqlite::Verified) -> Verified {
    Verified {
        log: verified.identity.id.to_string(),
        epoch: verified.identity.epoch,
        position: verified.head,
        commits: verified.commits,
        link: verified.link.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
