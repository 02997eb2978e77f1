//! A commit in two round trips: the head's lock, and what the appends rest on; then their rows, the new head, and the end.
//!
//! Everything that is looked up is looked up by statements that begin after the lock is held: so their snapshots are younger
//! than the last commit of whoever held it before. Nothing behind the lock waits for another one.

use std::collections::HashMap;

use futures_util::future::join_all;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use uuid::Uuid;
use watershed_core::Position;
use watershed_store::{Link, from_sql, to_sql};

use super::columns::Columns;
use super::group::{Group, Known, Seal};
use super::queue::Queued;
use super::wanted::Wanted;
use crate::connection::Connection;

pub(super) const LOCK: &str = include_str!("sql/lock_head.sql");
const VERSIONS: &str = include_str!("sql/select_versions.sql");
const KEYS: &str = include_str!("sql/select_keys.sql");
const TAGS: &str = include_str!("sql/select_tags.sql");
const MOVED: &str = include_str!("sql/select_moved.sql");
const WRITE: &str = include_str!("sql/write_group.sql");

/// The statements of a commit. Sent one behind the other, they must be prepared before.
pub(super) const STATEMENTS: &[&str] = &[LOCK, VERSIONS, KEYS, TAGS, MOVED, WRITE];

/// Takes the head's lock, and looks up what the appends rest on. One round trip.
pub(super) async fn begin(connection: &Connection, appends: &[Queued]) -> Result<(Known, Link), Error> {
    let wanted = Wanted::of(appends);
    let streams = wanted.streams();
    // In the order in which they are sent: that of their first polls.
    let (begun, locked, versions, keys, tags, moved) = tokio::join!(
        biased;
        connection.run("BEGIN"),
        connection.query(LOCK, &[]),
        versions(connection, &streams),
        keys(connection, &wanted),
        tags(connection, &wanted),
        moved(connection, appends),
    );
    begun?;
    let locked = locked?;
    let head = locked.first();
    let known = Known {
        head: head.map_or(0, |row| from_sql(row.get(0))),
        versions: versions?,
        keys: by_place(&keys?, |place| wanted.key_of[place]),
        tags: by_place(&tags?, |place| wanted.tags[place]),
        moved: moved?,
    };
    let mut link = Link::default();
    if let Some(stored) = head.and_then(|row| row.try_get::<_, &[u8]>(1).ok())
        && stored.len() == link.len()
    {
        link.copy_from_slice(stored);
    }
    Ok((known, link))
}

/// The streams' versions: all of them, 0 for one without events.
pub(super) async fn versions(connection: &Connection, streams: &[Uuid]) -> Result<HashMap<Uuid, u64>, Error> {
    let mut found: HashMap<Uuid, u64> = streams.iter().map(|stream| (*stream, 0)).collect();
    if !streams.is_empty() {
        let rows = connection.query(VERSIONS, &[&streams]).await?;
        found.extend(by_place(&rows, |place| streams[place]));
    }
    Ok(found)
}

async fn keys(connection: &Connection, wanted: &Wanted) -> Result<Vec<Row>, Error> {
    if wanted.keys.is_empty() {
        return Ok(Vec::new());
    }
    connection.query(KEYS, &[&wanted.keys, &wanted.looked]).await
}

async fn tags(connection: &Connection, wanted: &Wanted) -> Result<Vec<Row>, Error> {
    if wanted.tags.is_empty() {
        return Ok(Vec::new());
    }
    connection.query(TAGS, &[&wanted.tags]).await
}

/// What was found, by what it was looked up for: the rows give places from 1.
fn by_place<K: std::hash::Hash + Eq>(rows: &[Row], of: impl Fn(usize) -> K) -> HashMap<K, u64> {
    rows.iter()
        .filter_map(|row| {
            let place = usize::try_from(row.get::<_, i64>(0)).ok()?.checked_sub(1)?;
            Some((of(place), from_sql(row.get(1))))
        })
        .collect()
}

/// What has come in between, by the place of the append.
async fn moved(connection: &Connection, appends: &[Queued]) -> Result<HashMap<usize, Position>, Error> {
    let all = appends.iter().enumerate().filter_map(|(place, Queued { append, .. })| {
        let condition = append.condition.as_ref()?;
        Some(async move {
            let (tenant, after) = (append.append.tenant.as_str(), to_sql(condition.after));
            let rows = connection.query(MOVED, &[&tenant, &condition.tags, &after, &condition.names]).await?;
            let position: Option<i64> = rows.first().and_then(|row| row.get(0));
            Ok::<_, Error>(position.map(|position| (place, from_sql(position))))
        })
    });
    let found: Result<Vec<_>, Error> = join_all(all).await.into_iter().collect();
    Ok(found?.into_iter().flatten().collect())
}

/// Writes what the group has taken, and commits. One round trip.
pub(super) async fn end(connection: &Connection, group: &Group<'_>, seal: &Seal) -> Result<(), Error> {
    if group.placed.is_empty() {
        return connection.run("COMMIT").await;
    }
    let columns = Columns::of(group, seal);
    let (head, link) = (to_sql(group.last()), &seal.link[..]);
    let mut values = columns.values();
    values.extend([&head as &(dyn ToSql + Sync), &link]);
    let (written, committed) =
        tokio::join!(biased; connection.execute(WRITE, &values), connection.run("COMMIT"));
    // After a failure, COMMIT rolls back and says that all is well.
    written.map(drop).and(committed)
}
