//! The writer's thread.

use std::sync::Mutex;
use std::time::Duration;

use super::Writer;
use crate::log::queue::Patience;
use crate::log::shared::{Shared, lock};

/// A full disk is tried again after this long.
const AGAIN: Duration = Duration::from_secs(1);

/// So many bytes must fit for writing to be resumed.
const PROBE: i64 = 1 << 20;

/// Writes until the queue is closed and empty.
pub(crate) fn run(shared: &Shared, writer: &Mutex<Writer>) {
    let mut group = Vec::new();
    let mut expected = 1;
    loop {
        let patience = Patience {
            expected,
            gather: shared.options.gather,
            most: shared.options.group,
            idle: shared.standing.may_resume().then_some(AGAIN),
        };
        if !shared.queue.take(patience, &mut group) {
            return;
        }
        expected = group.len().max(1);
        let mut writer = lock(writer);
        if shared.standing.may_resume() {
            writer.probe();
        }
        writer.commit(&mut group);
    }
}

impl Writer {
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
