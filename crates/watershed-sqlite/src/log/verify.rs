//! Goes through the whole log and checks everything that it says of itself.

use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::Connection;
use watershed_core::ports::LogError;
use watershed_core::{LogIdentity, Position};

use super::file::{last_position, read_identity};
use super::readers::each_row;
use super::row::store_error;
use crate::OpenError;
use crate::connection::open_reader;
use watershed_store::{Verified, Walk};

/// Events between two calls of the progress function.
const STRIDE: Position = 10_000;

/// Verifies the log in the file.
pub(crate) fn verify_file(
    path: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Result<Verified, LogError>, OpenError> {
    let connection = open_reader(path)?;
    let identity = read_identity(&connection, path)?;
    let head = last_position(&connection).map_err(|error| OpenError::store(path, &error))?;
    Ok(verify(&connection, identity, head, progress))
}

/// Verifies the log up to `head`, which must be the end of a commit.
pub(crate) fn verify(
    connection: &Connection,
    identity: LogIdentity,
    head: Position,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, LogError> {
    let (mut walk, mut columns) = (Walk::new(identity), Vec::new());
    each_row(connection, &mut columns, 0, head, |row, columns| {
        let position = row.event.position;
        walk.pass(position, columns, row.link)?;
        if position % STRIDE == 0 {
            progress(position, head);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let verified = walk.end(head)?;
    // Rows that the file's own tree leads past would be holes at its end.
    let last = last_position(connection).map_err(|error| store_error(&error))?;
    if last < head {
        return Err(LogError::Hole { after: verified.head, found: head });
    }
    progress(head, head);
    Ok(verified)
}
