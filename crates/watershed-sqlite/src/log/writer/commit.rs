//! A group, from the appends that wait to the answers.

use watershed_core::ports::AppendError;

use super::Writer;
use super::insert::End;
use crate::log::prepared::Prepared;
use watershed_store::Queued;

impl Writer {
    /// Takes, writes and answers these appends. Each is answered once what it rests on is durable, the refused ones too.
    pub(crate) fn commit(&mut self, queued: &mut Vec<Queued<Prepared>>) {
        self.wait_for_merge();
        self.layers = self.shared.tail.layers();
        for Queued { append, answer } in queued.drain(..) {
            let taken = self.take(append);
            self.group.answers.push((answer, taken));
        }
        if self.group.staged.is_empty() {
            self.roll_back();
        } else {
            match self.insert().and_then(|end| self.statement("COMMIT").map(|()| end)) {
                Ok(end) => self.publish(&end),
                Err(error) => self.fail(&error),
            }
        }
        self.answer();
        self.group.clear();
        self.tidy();
    }

    /// Begins the transaction, where it has not begun.
    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        if !self.group.begun {
            self.statement("BEGIN IMMEDIATE")?;
            self.group.begun = true;
        }
        Ok(())
    }

    pub(super) fn statement(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.raw_execute().map(|_| ())
    }

    /// The group is durable: readers may see it.
    fn publish(&mut self, end: &End) {
        self.link = end.link;
        self.checksum = end.checksum;
        let head = self.last();
        let events = self.group.staged.drain(..).map(|staged| staged.event);
        self.shared.ring.push(events);
        self.shared.advance(head);
        self.shared.pace.committed(self.group.columns.len() as u64);
    }

    /// The group could not be written: nobody has been told that it was, and nothing of it is left.
    fn fail(&mut self, error: &rusqlite::Error) {
        self.roll_back();
        // A rule that is looked at so late has been made since the tables were checked. It says nothing of the disk.
        if error.sqlite_error_code() != Some(rusqlite::ErrorCode::ConstraintViolation) {
            self.shared.standing.stop(error);
        }
        self.shared.tail.undo(&self.group.touched, self.shared.head());
        self.heads.clear();
        self.group.staged.clear();
        let refusal = self.shared.standing.refusal();
        let refusal = refusal.unwrap_or_else(|| AppendError::ReadOnly(error.to_string()));
        for (_, answer) in &mut self.group.answers {
            *answer = Err(refusal.clone());
        }
    }

    fn roll_back(&self) {
        if self.group.begun
            && !self.connection.is_autocommit()
            && let Err(error) = self.statement("ROLLBACK")
        {
            self.shared.standing.stop(&error);
        }
    }

    fn answer(&mut self) {
        for (waiter, answer) in self.group.answers.drain(..) {
            // Nobody waits any more: what was taken stays.
            let _ = waiter.send(answer);
        }
    }

    /// What can be done when everybody has been answered.
    fn tidy(&mut self) {
        let layers = self.shared.tail.layers();
        if layers.merging().is_none() && layers.active().len() >= self.shared.options.merge && self.turn() {
            self.shared.merger.merge();
        }
    }

    /// Holds appends back while too much waits to be merged, so that memory is bounded. Where the index cannot be written,
    /// appends go on: the log says so, and its memory is what is left to be used up.
    fn wait_for_merge(&mut self) {
        while self.shared.tail.len() > self.shared.options.unmerged && self.shared.merger.failing().is_none()
        {
            self.tidy();
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}
