//! A commit in one round trip, by a process that has seen the whole log: what it knows is checked by the statement that writes.
//!
//! As long as nobody else appends, what was known at the last commit is still so, and most of what a group rests on need not be
//! asked for. The statement changes the head only where it is the one that is known; where it is not, or an idempotency key, a
//! version or a tag stands in the way, it changes nothing, and the group is committed under the head's lock instead.

use tokio_postgres::Error;
use tokio_postgres::types::ToSql;
use uuid::Uuid;
use watershed_core::{Position, Version};
use watershed_store::{Link, to_sql};

use super::columns::Columns;
use super::group::{Group, Seal};
use super::wanted::Wanted;
use crate::connection::Connection;

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

/// Writes what the group has taken, and says whether everything was as it is trusted to be; nothing is written where it was not.
pub(super) async fn write(
    connection: &Connection,
    group: &Group<'_>,
    seal: &Seal,
    trust: &Trust<'_>,
) -> Result<bool, Error> {
    let streams: Vec<Uuid> = trust.versions.iter().map(|(stream, _)| *stream).collect();
    let versions: Vec<i64> = trust.versions.iter().map(|(_, version)| to_sql(*version)).collect();
    let (head, link, wanted) = (to_sql(trust.head), &trust.link[..], trust.wanted);
    let held: [&(dyn ToSql + Sync); 7] =
        [&head, &link, &streams, &versions, &wanted.keys, &wanted.looked, &wanted.tags];
    if group.placed.is_empty() {
        return Ok(!connection.query(LOOK, &held).await?.is_empty());
    }
    let columns = Columns::of(group, seal);
    let (last, after) = (to_sql(group.last()), &seal.link[..]);
    let mut values = columns.values();
    values.extend([&last as &(dyn ToSql + Sync), &after]);
    values.extend(held);
    Ok(connection.execute(WRITE, &values).await? > 0)
}
