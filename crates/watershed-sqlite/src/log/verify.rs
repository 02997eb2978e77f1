//! Goes through the whole log and checks everything that it says of itself.

use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::Connection;
use watershed_core::ports::LogError;
use watershed_core::{LogIdentity, Position};

use super::file::{as_link, last_position, read_identity, wrong_link};
use super::readers::each_row;
use super::row::store_error;
use crate::OpenError;
use crate::connection::open_reader;
use watershed_store::{first_link, next_link};

/// What a log was found to hold, every event and every link of it checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Which log it is.
    pub identity: LogIdentity,
    /// The last event's position: so many events there are.
    pub head: Position,
    /// How many commits they came in.
    pub commits: u64,
    /// Stands for all of them: whoever keeps it elsewhere can tell later whether one has been changed, or taken away.
    pub link: [u8; 32],
}

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
    let mut verified = Verified { identity, head: 0, commits: 0, link: first_link(identity.id.as_bytes()) };
    let (mut columns, mut commit) = (Vec::new(), Vec::new());
    let mut linked = 0;
    each_row(connection, &mut columns, 0, head, |row, columns| {
        let position = row.event.position;
        if position != verified.head + 1 {
            return Err(LogError::Hole { after: verified.head, found: position });
        }
        verified.head = position;
        commit.extend_from_slice(columns);
        if let Some(link) = row.link {
            verified.link = next_link(&verified.link, &commit);
            if as_link(position, link)? != verified.link {
                return Err(wrong_link(position));
            }
            verified.commits += 1;
            linked = position;
            commit.clear();
        }
        if position % STRIDE == 0 {
            progress(position, head);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if linked != verified.head {
        return Err(wrong_link(verified.head));
    }
    // Rows that the file's own tree leads past would be holes at its end.
    let last = last_position(connection).map_err(|error| store_error(&error))?;
    if verified.head < head || last < head {
        return Err(LogError::Hole { after: verified.head, found: head });
    }
    progress(head, head);
    Ok(verified)
}
