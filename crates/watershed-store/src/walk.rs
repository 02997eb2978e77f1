//! A walk through a whole log that checks everything that it says of itself.

use watershed_core::ports::LogError;
use watershed_core::{LogIdentity, Position};

use crate::canonical::{Link, first_link, next_link};

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
    pub link: Link,
}

/// A walk under way. It is given the events one after the other, whose checksums the store has verified.
#[derive(Debug)]
pub struct Walk {
    found: Verified,
    /// The bytes of the events since the last link.
    commit: Vec<u8>,
    linked: Position,
}

impl Walk {
    /// Begins before the first event.
    #[must_use]
    pub fn new(identity: LogIdentity) -> Self {
        let found = Verified { identity, head: 0, commits: 0, link: first_link(identity.id.as_bytes()) };
        Self { found, commit: Vec::new(), linked: 0 }
    }

    /// The position that it has come to.
    #[must_use]
    pub fn position(&self) -> Position {
        self.found.head
    }

    /// Passes the next event: its columns' bytes, and the link that its row bears where it is the last of its commit.
    ///
    /// # Errors
    /// Where it is not the next one, or the link is not the one that the commit's events make.
    pub fn pass(&mut self, position: Position, columns: &[u8], link: Option<&[u8]>) -> Result<(), LogError> {
        if position != self.found.head + 1 {
            return Err(LogError::Hole { after: self.found.head, found: position });
        }
        self.found.head = position;
        self.commit.extend_from_slice(columns);
        if let Some(link) = link {
            self.found.link = next_link(&self.found.link, &self.commit);
            if as_link(position, link)? != self.found.link {
                return Err(wrong_link(position));
            }
            self.found.commits += 1;
            self.linked = position;
            self.commit.clear();
        }
        Ok(())
    }

    /// Ends at the log's head, which has to be the end of a commit.
    ///
    /// # Errors
    /// Where events are missing, or the last of them belong to no commit.
    pub fn end(self, head: Position) -> Result<Verified, LogError> {
        if self.linked != self.found.head {
            return Err(wrong_link(self.found.head));
        }
        if self.found.head < head {
            return Err(LogError::Hole { after: self.found.head, found: head });
        }
        Ok(self.found)
    }
}

/// `link` as it must stand at `position`.
///
/// # Errors
/// Where it is no link.
pub fn as_link(position: Position, link: &[u8]) -> Result<Link, LogError> {
    link.try_into().map_err(|_| wrong_link(position))
}

/// What there is to say of a link that does not fit.
#[must_use]
pub fn wrong_link(position: Position) -> LogError {
    LogError::Damaged {
        position,
        problem: "the link of its commit does not fit: events of it, or before it, have been changed"
            .to_owned(),
    }
}
