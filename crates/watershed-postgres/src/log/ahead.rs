//! A commit in one round trip, by a process that has seen the whole log: what it knows is checked by the statement that writes.
//!
//! As long as nobody else appends, what was known at the last commit is still so, and most of what a group rests on need not be
//! asked for. The statement changes the head only where it is the one that is known; where it is not, or a version or
//! a tag stands in the way, it changes nothing, and the group is committed under the head's lock instead.

use tokio_postgres::Error;
use uuid::Uuid;
use watershed_core::{Position, Version};
use watershed_store::{Link, to_sql};

use super::columns::Columns;
use super::group::{Group, Known, Seal};
use super::prepared::Queued;
use super::recent::Recent;
use super::wanted::Wanted;
use crate::connection::{Asks, Values};

const WRITE: &str = include_str!("sql/write_ahead.sql");
const LOOK: &str = include_str!("sql/look_ahead.sql");

pub(super) const STATEMENTS: &[&str] = &[WRITE, LOOK];

/// What the statement holds against the database.
pub(super) struct Trust<'a> {
    /// The log's end.
    pub(super) head: Position,
    pub(super) link: &'a Link,
    /// Versions that only those who append have said.
    pub(super) versions: Vec<(Uuid, Version)>,
    /// The keys and tags that nobody may have used.
    pub(super) wanted: &'a Wanted,
}

/// What the appends rest on, where that can be said, and what has to be held against the database for it.
pub(super) fn known<'a>(
    recent: &'a Recent,
    wanted: &'a Wanted,
    appends: &[Queued],
) -> Option<(Known, Trust<'a>)> {
    let mut conditions = appends.iter().flat_map(|queued| &queued.append.conditions);
    if !conditions.all(|condition| recent.reaches(condition.after)) {
        return None;
    }
    let mut versions = recent.versions_of(wanted);
    let mut trusted = Vec::new();
    for (stream, expected) in wanted.expected.iter().filter(|(stream, _)| !recent.knows(stream)) {
        trusted.push((*stream, (*expected)?));
        versions.insert(*stream, (*expected)?);
    }
    let moved = recent.moved(appends).collect();
    let known = Known { head: recent.head, versions, moved, ..Known::default() };
    Some((known, Trust { head: recent.head, link: &recent.link, versions: trusted, wanted }))
}

/// Writes what the group has taken, and says whether everything was as it is trusted to be; nothing is written where it was not.
pub(super) async fn write(
    connection: &impl Asks,
    group: &Group<'_>,
    seal: &Seal,
    trust: &Trust<'_>,
) -> Result<bool, Error> {
    let streams: Vec<Uuid> = trust.versions.iter().map(|(stream, _)| *stream).collect();
    let versions: Vec<i64> = trust.versions.iter().map(|(_, version)| to_sql(*version)).collect();
    let (head, link, wanted) = (to_sql(trust.head), &trust.link[..], trust.wanted);
    if group.placed.is_empty() {
        let values: Values<'_> = &[&head, &link, &streams, &versions, &wanted.keys, &wanted.tags];
        return Ok(!connection.query(LOOK, values).await?.is_empty());
    }
    let columns = Columns::of(group, seal);
    let (last, after) = (to_sql(group.last()), &seal.link[..]);
    let mut values = columns.values();
    let rest: Values<'_> = &[&last, &after, &head, &link, &streams, &versions, &wanted.tags];
    values.extend(rest);
    Ok(connection.execute(WRITE, &values).await? > 0)
}
