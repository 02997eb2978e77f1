//! A commit: the head's lock, what the appends rest on, their rows, the new head.
//!
//! Everything that is looked up is looked up by statements that begin after the lock is held: so their snapshots are younger
//! than the last commit of whoever held it before. Nothing behind the lock waits for another one.

use std::collections::HashMap;

use futures_util::future::join_all;
use tokio_postgres::{Error, Row};
use uuid::Uuid;
use watershed_core::Position;
use watershed_store::{FAR, Link, from_sql, to_sql};

use super::group::{Group, Known};
use super::queue::Queued;
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
    // In the order in which they are sent: that of their first polls.
    let (begun, locked, versions, keys, tags, moved) = tokio::join!(
        biased;
        connection.run("BEGIN"),
        connection.query(LOCK, &[]),
        wanted.versions(connection),
        wanted.keys(connection),
        wanted.tags(connection),
        moved(connection, appends),
    );
    begun?;
    let locked = locked?;
    let head = locked.first();
    let known = Known {
        head: head.map_or(0, |row| from_sql(row.get(0))),
        versions: by_place(&versions?, |place| wanted.streams[place]),
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

/// What the appends of a group want to know.
#[derive(Default)]
struct Wanted {
    streams: Vec<Uuid>,
    keys: Vec<Uuid>,
    looked: Vec<i64>,
    /// The places of the appends whose keys these are.
    key_of: Vec<usize>,
    tags: Vec<Uuid>,
}

impl Wanted {
    fn of(appends: &[Queued]) -> Self {
        let mut wanted = Self::default();
        for (place, Queued { append, .. }) in appends.iter().enumerate() {
            wanted.streams.push(append.stream);
            if let Some(key) = append.key {
                wanted.keys.push(key);
                wanted.looked.push(to_sql(append.append.looked_until.min(FAR)));
                wanted.key_of.push(place);
            }
            for (event, tags) in append.append.events.iter().zip(&append.tags) {
                let once = event.tags.iter().zip(&tags.lists).filter(|(tag, _)| tag.once);
                wanted.tags.extend(once.map(|(_, list)| *list));
            }
        }
        wanted.streams.sort_unstable();
        wanted.streams.dedup();
        wanted
    }

    async fn versions(&self, connection: &Connection) -> Result<Vec<Row>, Error> {
        connection.query(VERSIONS, &[&self.streams]).await
    }

    async fn keys(&self, connection: &Connection) -> Result<Vec<Row>, Error> {
        if self.keys.is_empty() {
            return Ok(Vec::new());
        }
        connection.query(KEYS, &[&self.keys, &self.looked]).await
    }

    async fn tags(&self, connection: &Connection) -> Result<Vec<Row>, Error> {
        if self.tags.is_empty() {
            return Ok(Vec::new());
        }
        connection.query(TAGS, &[&self.tags]).await
    }
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
pub(super) async fn end(connection: &Connection, group: &Group, previous: &Link) -> Result<(), Error> {
    if group.staged.is_empty() {
        return connection.run("COMMIT").await;
    }
    let (sums, link) = group.seal(previous);
    let rows = Columns::of(group, &sums, &link);
    let (written, committed) =
        tokio::join!(biased; rows.write(connection, to_sql(group.last())), connection.run("COMMIT"));
    // After a failure, COMMIT rolls back and says that all is well.
    written.and(committed)
}

/// The rows of a group, column by column.
#[derive(Default)]
struct Columns<'a> {
    positions: Vec<i64>,
    ids: Vec<Uuid>,
    tenants: Vec<&'a str>,
    categories: Vec<&'a str>,
    streams: Vec<&'a str>,
    versions: Vec<i64>,
    names: Vec<&'a str>,
    schemas: Vec<i64>,
    payloads: Vec<&'a str>,
    recorded: Vec<i64>,
    actors: Vec<Option<&'a str>>,
    correlations: Vec<Option<&'a str>>,
    causations: Vec<Option<&'a str>>,
    traceparents: Vec<Option<&'a str>>,
    tags: Vec<Option<&'a str>>,
    keys: Vec<Option<&'a str>>,
    fingerprints: Vec<Option<&'a [u8]>>,
    follows: Vec<Option<i64>>,
    sums: &'a [i64],
    link: &'a [u8],
    links: Vec<Option<&'a [u8]>>,
    stream_keys: Vec<Uuid>,
    key_lists: Vec<Option<Uuid>>,
    tag_lists: Vec<Uuid>,
    tag_positions: Vec<i64>,
}

impl<'a> Columns<'a> {
    fn of(group: &'a Group, sums: &'a [i64], link: &'a Link) -> Self {
        let mut all = Self { sums, link, ..Self::default() };
        for (place, staged) in group.staged.iter().enumerate() {
            let event = &*staged.event;
            let idempotency = staged.first.as_ref().and_then(|first| first.idempotency.as_ref());
            all.positions.push(to_sql(event.position));
            all.ids.push(Uuid::from_bytes(*event.envelope.id.as_bytes()));
            all.tenants.push(event.tenant.as_str());
            all.categories.push(&event.stream.category);
            all.streams.push(&event.stream.id);
            all.versions.push(to_sql(event.version));
            all.names.push(&event.name);
            all.schemas.push(event.schema.into());
            // invariant: checked before it was queued.
            all.payloads.push(std::str::from_utf8(&event.payload).unwrap_or_default());
            all.recorded.push(event.recorded_at.as_micros());
            all.actors.push(event.actor.as_deref());
            all.correlations.push(event.correlation.as_deref());
            all.causations.push(event.causation.as_deref());
            all.traceparents.push(event.traceparent.as_deref());
            all.tags.push(staged.json.as_deref());
            all.keys.push(idempotency.map(|idempotency| &*idempotency.key));
            all.fingerprints.push(idempotency.map(|idempotency| &idempotency.fingerprint[..]));
            all.follows.push(staged.first.as_ref().map(|first| first.follows.into()));
            all.links.push((place + 1 == group.staged.len()).then_some(&link[..]));
            all.stream_keys.push(staged.stream);
            all.key_lists.push(staged.key);
            for list in &staged.lists {
                all.tag_lists.push(*list);
                all.tag_positions.push(to_sql(event.position));
            }
        }
        all
    }

    async fn write(&self, connection: &Connection, head: i64) -> Result<(), Error> {
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 26] = [
            &self.positions,
            &self.ids,
            &self.tenants,
            &self.categories,
            &self.streams,
            &self.versions,
            &self.names,
            &self.schemas,
            &self.payloads,
            &self.recorded,
            &self.actors,
            &self.correlations,
            &self.causations,
            &self.traceparents,
            &self.tags,
            &self.keys,
            &self.fingerprints,
            &self.follows,
            &self.sums,
            &self.links,
            &self.stream_keys,
            &self.key_lists,
            &self.tag_lists,
            &self.tag_positions,
            &head,
            &self.link,
        ];
        connection.execute(WRITE, &values).await.map(drop)
    }
}
