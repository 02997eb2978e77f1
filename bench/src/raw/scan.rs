use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::{Connection, OpenFlags};

use super::{RawEvent, RawStore};
use crate::error::Problem;
use crate::stats::per_second;

const SCAN_EVENTS: &str = include_str!("sql/scan_events.sql");
/// Rows in one transaction while the table is filled.
const FILL: u64 = 10_000;

/// Makes a table of so many events in `dir`, and gives its path.
pub(crate) fn fill(dir: &Path, rows: u64, streams: u64) -> Result<PathBuf, Problem> {
    let mut store = RawStore::create(dir)?;
    let mut number = 0;
    while number < rows {
        let until = (number + FILL).min(rows);
        let events: Vec<_> = (number..until).map(|number| RawEvent::numbered(number, streams)).collect();
        store.insert(&events)?;
        number = until;
    }
    Ok(store.path().to_owned())
}

/// Reads a table of `rows` events from first to last, touching what a fold needs of each, and gives rows per second. The
/// table may be the product's own: it has the same columns.
pub(crate) fn scan(path: &Path, rows: u64) -> Result<f64, Problem> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(path, flags)?;
    reader.pragma_update(None, "query_only", true)?;
    let began = Instant::now();
    let mut statement = reader.prepare(SCAN_EVENTS)?;
    let mut found = statement.query([])?;
    let (mut read, mut bytes) = (0, 0);
    while let Some(row) = found.next()? {
        for text in [1, 3, 4] {
            bytes += row.get_ref(text)?.as_bytes().map_or(0, <[u8]>::len);
        }
        let (_position, _version): (i64, i64) = (row.get(0)?, row.get(2)?);
        read += 1;
    }
    let took = began.elapsed();
    if read != rows || bytes == 0 {
        return Err(Problem::Wrong(format!("read {read} of {rows} rows")));
    }
    Ok(per_second(read, took))
}
