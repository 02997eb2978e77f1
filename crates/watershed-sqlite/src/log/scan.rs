use std::ops::ControlFlow;

use watershed_core::Position;
use watershed_core::ports::{LogError, LogScan, RawEvent};

use super::SqliteLog;

/// A statement reads so many events at most: one that stayed open for long would keep the write-ahead log from being reused.
const STRIDE: Position = 20_000;

impl LogScan for SqliteLog {
    fn scan(
        &self,
        after: Position,
        until: Position,
        wanted: &mut dyn FnMut(&str, &str, &str) -> bool,
        see: &mut dyn FnMut(RawEvent<'_>) -> ControlFlow<()>,
    ) -> Result<Position, LogError> {
        let shared = self.shared();
        let until = until.min(shared.head());
        let mut last = after;
        shared.readers.pass_through(|reader| {
            let mut broken_off = false;
            while last < until && !broken_off {
                let stride = until.min(last + STRIDE);
                last = reader.wanted_rows(last, stride, wanted, |row| {
                    let flow = see(row.raw()?);
                    broken_off = flow.is_break();
                    Ok(flow)
                })?;
            }
            Ok(last)
        })
    }
}
