//! A commit in one round trip, by a process that has seen the whole log: what it knows is checked by the statement that writes.
//!
//! As long as nobody else appends, what was known at the last commit is still so, and most of what a group rests on need not be
//! asked for. The statement changes the head only where it is the one that is known; where it is not, or a version or
//! a tag stands in the way, it changes nothing, and the group is committed under the head's lock instead.

use std::sync::Arc;

use tokio_postgres::Error;
use uuid::Uuid;
use watershed_core::Version;
use watershed_store::{FAR, Link, to_sql};

use super::group::{Group, Known, Seal};
use super::prepared::Queued;
use super::recent::Recent;
use super::wanted::Wanted;
use super::written::{APPEND, Held, Written};
use crate::connection::Connection;

const LOOK: &str = include_str!("sql/look_ahead.sql");

pub(super) const STATEMENTS: &[&str] = &[APPEND, LOOK];

/// What the appends rest on, where that can be said, and the versions that only those who append have said. A stream of which nobody
/// says anything is taken to be new.
pub(super) fn known(
    recent: &Recent,
    wanted: &Wanted,
    appends: &[Queued],
) -> Option<(Known, Vec<(Uuid, Version)>)> {
    let mut conditions = appends.iter().flat_map(|queued| &queued.append.conditions);
    if !conditions.all(|condition| recent.reaches(condition)) {
        return None;
    }
    let mut versions = recent.versions_of(wanted);
    let mut said = Vec::new();
    for (stream, expected) in wanted.expected.iter().filter(|(stream, _)| !recent.knows(stream)) {
        // One that no stream can have is refused by what is there.
        let expected = expected.unwrap_or(0);
        if expected >= FAR {
            return None;
        }
        said.push((*stream, expected));
        versions.insert(*stream, expected);
    }
    let moved = recent.moved(appends).collect();
    let known = Known { head: recent.head, versions, moved, broken: recent.broken(), ..Known::default() };
    Some((known, said))
}

/// What is sent for a group. It stands by itself: whoever sends it can go on to the next group.
pub(super) enum Sent {
    Written(Written, Held),
    /// Nothing is written: what the group was refused, or was told, rests on the log's end.
    Looked {
        head: i64,
        link: Link,
        held: Held,
    },
}

impl Sent {
    pub(super) fn new(group: &Group<'_>, seal: &Seal, link: &Link, held: Held) -> Self {
        if group.placed.is_empty() {
            return Self::Looked { head: to_sql(group.before()), link: *link, held };
        }
        Self::Written(Written::of(group, seal, link), held)
    }

    /// Whether everything was as it is trusted to be; nothing is written where it was not.
    pub(super) async fn by(self, connection: Arc<Connection>) -> Result<bool, Error> {
        match self {
            Self::Written(written, held) => written.append(&*connection, &held).await,
            Self::Looked { head, link, held } => {
                let link = &link[..];
                let found = connection
                    .query(LOOK, &[&head, &link, &held.streams, &held.versions, &held.unused, &held.once])
                    .await?;
                Ok(!found.is_empty())
            }
        }
    }
}
