//! What a process has seen of the log's end. A server that does not have it has lost what was acknowledged: a standby that had not
//! come so far was promoted, or a backup was restored under processes that went on.

use std::sync::{Mutex, PoisonError};

use watershed_core::{LogIdentity, Position};
use watershed_store::{Link, to_sql};

use super::Connection;
use crate::error::OpenError;

/// The last commit that this process knows of.
#[derive(Debug)]
pub(crate) struct Tail {
    identity: LogIdentity,
    seen: Mutex<Option<(Position, Link)>>,
}

impl Tail {
    pub(crate) fn new(identity: LogIdentity) -> Self {
        Self { identity, seen: Mutex::default() }
    }

    /// A commit has brought the log to that position, with that link.
    pub(crate) fn saw(&self, position: Position, link: &Link) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.is_none_or(|(last, _)| position > last) {
            *seen = Some((position, *link));
        }
    }

    /// Refuses a server that does not have that commit. Tokens of what is lost are to mean nothing to whoever starts from now on, so the
    /// log's epoch is raised.
    pub(super) async fn check(&self, connection: &Connection) -> Result<(), OpenError> {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((position, link)) = seen.filter(|(position, _)| *position > 0) else { return Ok(()) };
        let found = connection.query(include_str!("select_link.sql"), &[&to_sql(position)]).await?;
        if found.first().is_some_and(|row| row.get::<_, Option<&[u8]>>(0) == Some(&link[..])) {
            return Ok(());
        }
        let epoch = i32::try_from(self.identity.epoch).unwrap_or(i32::MAX);
        connection.execute(include_str!("raise_epoch.sql"), &[&epoch]).await?;
        Err(OpenError::Refused(format!(
            "it has lost what was acknowledged: what this process has seen of the log up to position {position} is not all there. A \
             standby that had not come so far has taken the primary's place, or a backup was restored. If a server that has everything \
             can be had, let it serve; otherwise start every node anew: they go on with what is left, and tokens of before are refused"
        )))
    }
}
