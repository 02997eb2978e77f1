//! Who commits: the writer's thread, or a caller who is alone.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::Writer;
use crate::log::prepared::Prepared;
use crate::log::shared::{Shared, lock};
use watershed_store::{Patience, Queue};

/// A full disk is tried again after this long.
const AGAIN: Duration = Duration::from_secs(1);

/// So many bytes must fit for writing to be resumed.
const PROBE: i64 = 1 << 20;

/// Writes until the queue is closed and empty.
pub(crate) fn run(shared: &Shared, writer: &Mutex<Writer>) {
    let mut tried: Option<Instant> = None;
    loop {
        let patience = Patience {
            gather: shared.options.gather,
            most: shared.options.group,
            idle: shared.standing.may_resume().then_some(AGAIN),
        };
        if !shared.queue.wait(patience) {
            return;
        }
        let mut writer = lock(writer);
        if shared.standing.may_resume() && tried.is_none_or(|tried| tried.elapsed() >= AGAIN) {
            tried = Some(Instant::now());
            writer.probe();
        }
        writer.commit_waiting();
    }
}

/// Commits what waits, on the thread of a caller, unless somebody else is committing.
pub(crate) fn lead(writer: &Mutex<Writer>) {
    // One that panicked while it wrote is left alone, too.
    if let Ok(mut writer) = writer.try_lock() {
        writer.commit_waiting();
        if writer.shared.standing.may_resume() {
            // Trying again is up to the writer's thread, which slept without an end while all was well.
            writer.shared.queue.call_writer();
        }
    }
}

/// Ends the queue where a commit panics: what the writer holds is not to be relied on then.
struct Unfinished<'a>(&'a Queue<Prepared>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.abandon();
        }
    }
}

impl Writer {
    /// Commits a group of the appends that wait, if there are any.
    fn commit_waiting(&mut self) {
        let shared = self.shared.clone();
        let _unfinished = Unfinished(&shared.queue);
        let mut queued = std::mem::take(&mut self.queued);
        shared.queue.take(shared.options.group, &mut queued);
        if !queued.is_empty() {
            let (group, began) = (queued.len(), Instant::now());
            self.commit(&mut queued);
            shared.queue.done(group, began.elapsed());
        }
        self.queued = queued;
    }

    /// Writes something that is as large as a group, and takes it away again: the room stays in the file, for events.
    fn probe(&self) {
        let probed = self
            .connection
            .execute(include_str!("../sql/insert_probe.sql"), [PROBE])
            .and_then(|_| self.connection.execute(include_str!("../sql/delete_probe.sql"), []));
        match probed {
            Ok(_) => self.shared.standing.resume(),
            Err(error) => tracing::debug!(%error, "the log still takes no writes"),
        }
    }
}
