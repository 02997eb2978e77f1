use std::ops::ControlFlow;

use watershed_core::Position;
use watershed_core::ports::{LogError, LogScan, LogVisitor};

use super::SqliteLog;
use super::readers::Visit;
use super::row::ReadRow;

impl LogScan for SqliteLog {
    fn scan(
        &self,
        after: Position,
        until: Position,
        visitor: &mut dyn LogVisitor,
    ) -> Result<Position, LogError> {
        let shared = self.shared();
        let until = until.min(shared.head());
        if after >= until {
            return Ok(after);
        }
        shared.readers.with(|reader| reader.rows(after, until, visitor))
    }
}

impl Visit for dyn LogVisitor + '_ {
    fn wants(&mut self, position: Position) -> bool {
        LogVisitor::wants(self, position)
    }

    fn see(&mut self, row: &ReadRow<'_>) -> Result<ControlFlow<()>, LogError> {
        Ok(LogVisitor::see(self, row.raw()?))
    }
}
