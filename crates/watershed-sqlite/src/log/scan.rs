use std::ops::ControlFlow;

use watershed_core::Position;
use watershed_core::ports::{LogError, LogScan, RawEvent};

use super::SqliteLog;

impl LogScan for SqliteLog {
    fn scan(
        &self,
        after: Position,
        until: Position,
        see: &mut dyn FnMut(RawEvent<'_>) -> ControlFlow<()>,
    ) -> Result<Position, LogError> {
        let shared = self.shared();
        let until = until.min(shared.head());
        if after >= until {
            return Ok(after);
        }
        shared.readers.with(|reader| reader.rows(after, until, &mut |row| Ok(see(row.raw()?))))
    }
}
