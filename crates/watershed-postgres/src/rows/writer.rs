//! Writes: the checkpoint's row is locked first, so that what is looked at then holds until the commit, whichever process writes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio_postgres::types::ToSql;
use uuid::Uuid;
use watershed_core::ports::{JournalEnd, RowError, RowsBatch};
use watershed_core::{Position, Timestamp};
use watershed_store::from_sql;

use super::edition::{Found, Made};
use super::failure::Failure;
use super::group::Group;
use super::pool::Lent;
use super::tables::{self, Changes, Opening, Write};

const LOCK: &str = include_str!("sql/lock.sql");
const LAST_WRITE: &str = include_str!("sql/last_write.sql");

/// How long to wait before a server is tried again that could not be reached.
const PAUSE: Duration = Duration::from_millis(100);

/// What stands in the checkpoint's row, whose lock is held.
struct Locked {
    found: Found,
    position: Position,
}

/// Where a write has failed.
enum Stopped {
    /// Before its commit was sent: nothing is written.
    Before(Failure),
    /// Later: it may be written or not where the connection was lost.
    Later(Failure),
}

impl Group {
    /// Makes all of the batch's changes, or none.
    pub(super) async fn write(&self, batch: &RowsBatch, changes: &Changes<'_>) -> Result<(), Failure> {
        let _one_at_a_time = self.writing.lock().await;
        let mut again = true;
        loop {
            // Names the write: so it can be looked for where the answer to its commit is lost.
            let (lent, name) = (self.pool.lend().await?, Uuid::new_v4());
            let failure = match self.attempt(&lent, batch, changes, name).await {
                Ok(made) => {
                    lent.give_back();
                    self.set_made(Some(made));
                    self.set_last(name);
                    self.may_replace.store(false, Ordering::Relaxed);
                    return Ok(());
                }
                Err(Stopped::Before(failure) | Stopped::Later(failure)) if !failure.is_lost() => {
                    return lent.end(Err(failure)).await;
                }
                Err(Stopped::Later(failure)) => {
                    drop(lent);
                    if self.has_written(name).await? {
                        self.set_last(name);
                        return Ok(());
                    }
                    failure
                }
                Err(Stopped::Before(failure)) => failure,
            };
            if !std::mem::take(&mut again) {
                return Err(failure);
            }
        }
    }

    async fn attempt(
        &self,
        lent: &Lent,
        batch: &RowsBatch,
        changes: &Changes<'_>,
        name: Uuid,
    ) -> Result<Arc<Made>, Stopped> {
        if let Some(made) = self.attempt_as_known(lent, batch, changes, name).await? {
            return Ok(made);
        }
        let made = self.prepare(lent, batch, changes).await.map_err(Stopped::Before)?;
        let write = Write { connection: lent, made: &made, batch, changes, name, opening: None };
        write.commit().await.map_err(Stopped::Later)?;
        Ok(made)
    }

    /// In one round trip, where the write hangs on nothing but what is known. None where that is not so: nothing is written then.
    async fn attempt_as_known(
        &self,
        lent: &Lent,
        batch: &RowsBatch,
        changes: &Changes<'_>,
        name: Uuid,
    ) -> Result<Option<Arc<Made>>, Stopped> {
        // What hangs on the checkpoint may well come too late, and a failure of its own would stand in the server's log.
        let looks = batch.only_at.is_some()
            || self.edition.keeps_journal()
            || self.may_replace.load(Ordering::Relaxed);
        let (Some(made), Some(last), false) = (self.made(), self.last(), looks) else { return Ok(None) };
        let opening = Some(Opening { edition: &self.edition, epoch: self.epoch(), last });
        let write = Write { connection: lent, made: &made, batch, changes, name, opening };
        match write.commit().await {
            Ok(()) => Ok(Some(made)),
            Err(failure) if failure.is_not_as_known() => {
                // The transaction may still be open, and has failed.
                lent.run("ROLLBACK").await.map_err(|error| Stopped::Before(error.into()))?;
                Ok(None)
            }
            Err(failure) => Err(Stopped::Later(failure)),
        }
    }

    /// Takes the lock, checks that the batch may be written, and writes down what it changes for those who listen.
    async fn prepare(
        &self,
        lent: &Lent,
        batch: &RowsBatch,
        changes: &Changes<'_>,
    ) -> Result<Arc<Made>, Failure> {
        let Locked { found, position } = self.lock(lent).await?;
        let id = found.id;
        let made = match self.edition.made_as(&found, self.made()) {
            Some(made) => {
                moved(batch, position)?;
                made
            }
            None if self.may_replace.load(Ordering::Relaxed) => {
                moved(batch, 0)?;
                let made = Arc::new(tables::make(lent, &self.edition, Some(&found)).await?);
                tables::everything_changed(lent, &self.edition, id, None).await?;
                made
            }
            None => {
                let problem = "the tables have been replaced by those of another version";
                return Err(RowError::Store(problem.to_owned()).into());
            }
        };
        if self.edition.keeps_journal() {
            let noted = tables::note(lent, &self.edition, &made, batch, changes).await?;
            tables::write_down(lent, &self.edition, id, &noted, batch.checkpoint.updated_at).await?;
        }
        Ok(made)
    }

    /// Begins a transaction, and takes the lock of the checkpoint's row.
    async fn lock(&self, lent: &Lent) -> Result<Locked, Failure> {
        let lock = lent.statement(LOCK).await?;
        let number = i64::from(self.edition.number);
        let of: [&(dyn ToSql + Sync); 2] = [&self.edition.name, &number];
        let (begun, locked) = tokio::join!(biased; lent.run("BEGIN"), lent.query_prepared(&lock, &of));
        begun?;
        let locked = locked?;
        let Some(row) = locked.first() else {
            return Err(self.edition.removed().into());
        };
        self.is_fenced(from_sql(row.try_get(6)?))?;
        Ok(Locked { found: self.edition.found(row)?, position: from_sql(row.try_get(5)?) })
    }

    /// The connection was lost with the commit's answer: waits until the database can say whether the write of that name took
    /// place. Whoever asks for the row's lock has it only when the lost transaction is over.
    async fn has_written(&self, name: Uuid) -> Result<bool, Failure> {
        let begun = Instant::now();
        loop {
            match self.last_write().await {
                Ok(last) => return Ok(last == Some(name)),
                Err(failure) if begun.elapsed() > self.pool.options().patience => {
                    // Not known. To write the same again does no harm: whole rows, under the same checkpoint.
                    return Err(failure);
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn last_write(&self) -> Result<Option<Uuid>, Failure> {
        let lent = self.pool.lend().await?;
        let number = i64::from(self.edition.number);
        let found = lent.query(LAST_WRITE, &[&self.edition.name, &number]).await?;
        lent.give_back();
        Ok(found.first().map(|row| row.try_get(0)).transpose()?.flatten())
    }

    pub(super) async fn forget_changes(&self, before: Timestamp, most: u64) -> Result<u64, Failure> {
        let _one_at_a_time = self.writing.lock().await;
        let lent = self.pool.lend().await?;
        let forgotten = async {
            let id = self.lock(&lent).await?.found.id;
            tables::forget_changes(&lent, id, before, most).await
        };
        let forgotten = forgotten.await;
        lent.end(forgotten).await
    }

    pub(super) async fn take_over(&self, from: JournalEnd, at: Timestamp) -> Result<(), Failure> {
        let _one_at_a_time = self.writing.lock().await;
        let lent = self.pool.lend().await?;
        let taken = async {
            let id = self.lock(&lent).await?.found.id;
            tables::take_over(&lent, &self.edition, id, from, at).await
        };
        let taken = taken.await;
        lent.end(taken).await
    }
}

/// Refuses a batch that was made for another checkpoint.
fn moved(batch: &RowsBatch, position: Position) -> Result<(), RowError> {
    match batch.only_at {
        Some(expected) if expected != position => Err(RowError::Moved(position)),
        _ => Ok(()),
    }
}
