//! A commit under the head's lock: the lock, and what the appends rest on; then their rows with the new head, and the end.
//!
//! Everything that is looked up is looked up by statements that begin after the lock is held: so their snapshots are younger
//! than the last commit of whoever held it before. Nothing behind the lock waits for another one.

use std::collections::HashMap;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, Row};
use uuid::Uuid;
use watershed_core::{Position, Version};
use watershed_store::{Link, from_sql};

use super::group::{Group, Known, Seal};
use super::moved::moved;
use super::prepared::Queued;
use super::recent::Recent;
use super::wanted::Wanted;
use super::written::{APPEND, Held, Written};
use crate::connection::{Asks, Connection};
use crate::error::in_words;

pub(super) const LOCK: &str = include_str!("sql/lock_head.sql");
const VERSIONS: &str = include_str!("sql/select_versions.sql");
const KEYS: &str = include_str!("sql/select_keys.sql");
const TAGS: &str = include_str!("sql/select_tags.sql");
/// The statements of a commit. Sent one behind the other, they must be prepared before.
pub(super) const STATEMENTS: &[&str] = &[LOCK, VERSIONS, KEYS, TAGS, APPEND];

/// What it is to be told where the head is another one behind its lock than it was under it.
pub(super) const NOT_THE_END: &str =
    "the log's end is not what it was when its lock was taken: somebody else writes to `log_head`";

/// What an index has told of a group that was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// An idempotency key has been used.
    Key,
    /// A stream is not new.
    Stream,
}

impl Taken {
    pub(super) fn by(error: &Error) -> Option<Self> {
        let error = error.as_db_error().filter(|error| *error.code() == SqlState::UNIQUE_VIOLATION)?;
        match error.constraint()? {
            "events_idem" => Some(Self::Key),
            "events_stream" => Some(Self::Stream),
            _ => None,
        }
    }
}

/// Why nothing was begun.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotBegun {
    #[error("{}", in_words(.0))]
    Database(#[from] Error),
    /// An empty log has a head as well. Without one, nobody would know what to append behind, and nothing would be locked.
    #[error(
        "`log_head` has no row: somebody has removed it, or a restore left it out. Restore all tables of the log from one backup"
    )]
    NoHead,
}

/// What is known once the lock is held.
pub(super) struct Begun {
    pub(super) known: Known,
    /// The log's end, which nobody else has moved as long as the lock is held.
    pub(super) recent: Recent,
}

/// How much is looked up.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Only what is not remembered: the log likely still ends where it did.
    pub(super) trust: bool,
    /// Idempotency keys as well, which their index tells of otherwise.
    pub(super) keys: bool,
}

/// Opens the transaction, or goes on with one that is open, by `opening`; takes the head's lock, and looks up what the appends
/// rest on. One round trip; two where what is remembered was trusted in vain.
pub(super) async fn begin(
    connection: &impl Asks,
    opening: &str,
    appends: &[Queued],
    wanted: &Wanted,
    recent: Option<Recent>,
    look: Look,
) -> Result<Begun, NotBegun> {
    let keys = look.keys;
    let sought = Sought { keys, ..Sought::of(appends, wanted, recent.as_ref().filter(|_| look.trust)) };
    // In the order in which they are sent: that of their first polls.
    let (begun, locked, found) = tokio::join!(
        biased;
        connection.run(opening),
        connection.query(LOCK, &[]),
        look_up(connection, appends, wanted, &sought),
    );
    begun?;
    let (head, link) = end_of(&locked?)?;
    let mut found = found?;
    let recent = recent.filter(|recent| recent.head == head && recent.link == link);
    if recent.is_none() && !sought.is_all {
        let all = Sought { keys, ..Sought::of(appends, wanted, None) };
        found = look_up(connection, appends, wanted, &all).await?;
    }
    let recent = recent.unwrap_or_else(|| Recent::new(head, link));
    Ok(Begun::with(recent, found, appends, wanted))
}

/// Goes on in a transaction that has the head's lock, with the log's end as it is behind that: looks up what is not remembered.
pub(super) async fn go_on(
    connection: &impl Asks,
    appends: &[Queued],
    wanted: &Wanted,
    recent: Recent,
    keys: bool,
) -> Result<Begun, NotBegun> {
    let sought = Sought { keys, ..Sought::of(appends, wanted, Some(&recent)) };
    let found = look_up(connection, appends, wanted, &sought).await?;
    Ok(Begun::with(recent, found, appends, wanted))
}

impl Begun {
    fn with(mut recent: Recent, found: Found, appends: &[Queued], wanted: &Wanted) -> Self {
        recent.remember(found.versions);
        let known = Known {
            head: recent.head,
            versions: recent.versions_of(wanted),
            keys: found.keys,
            tags: found.tags,
            moved: recent.moved(appends).chain(found.moved).collect(),
            broken: recent.broken(),
        };
        Self { known, recent }
    }
}

/// The log's end, by the row that is locked.
pub(super) fn end_of(locked: &[Row]) -> Result<(Position, Link), NotBegun> {
    let row = locked.first().ok_or(NotBegun::NoHead)?;
    Ok((from_sql(row.get(0)), link_of(row, 1)))
}

/// The link in that column; one that nothing has where it is none.
pub(super) fn link_of(row: &Row, column: usize) -> Link {
    let mut link = Link::default();
    if let Ok(stored) = row.try_get::<_, &[u8]>(column)
        && stored.len() == link.len()
    {
        link.copy_from_slice(stored);
    }
    link
}

/// What is asked of the database.
struct Sought {
    streams: Vec<Uuid>,
    keys: bool,
    /// The places of the appends with a condition that reaches further back than is remembered.
    moved: Vec<usize>,
    /// Whether nothing is taken from what is remembered.
    is_all: bool,
}

impl Sought {
    fn of(appends: &[Queued], wanted: &Wanted, recent: Option<&Recent>) -> Self {
        let all = wanted.expected.keys().copied();
        let streams = match recent {
            None => all.collect(),
            Some(recent) => all.filter(|stream| !recent.knows(stream)).collect(),
        };
        let with_condition = appends.iter().enumerate().filter_map(|(place, queued)| {
            let beyond = |condition| recent.is_none_or(|recent: &Recent| !recent.reaches(condition));
            queued.append.conditions.iter().any(beyond).then_some(place)
        });
        Self { streams, keys: false, moved: with_condition.collect(), is_all: recent.is_none() }
    }
}

/// What was found, and where.
struct Found {
    versions: HashMap<Uuid, Version>,
    keys: HashMap<usize, Position>,
    tags: HashMap<Uuid, Position>,
    moved: Vec<(usize, Position)>,
}

async fn look_up(
    connection: &impl Asks,
    appends: &[Queued],
    wanted: &Wanted,
    sought: &Sought,
) -> Result<Found, Error> {
    let keys = if sought.keys { &wanted.keys[..] } else { &[] };
    let (versions, keys, tags, moved) = tokio::join!(
        biased;
        versions(connection, &sought.streams),
        places(connection, KEYS, keys),
        places(connection, TAGS, &wanted.tags),
        moved(connection, appends, &sought.moved),
    );
    let tags = tags?.into_iter().map(|(place, position)| (wanted.tags[place], position)).collect();
    let keys = keys?.into_iter().map(|(place, position)| (wanted.key_of[place], position)).collect();
    Ok(Found { versions: versions?, keys, tags, moved: moved? })
}

/// The streams' versions: all of them, 0 for one without events.
pub(super) async fn versions(
    connection: &impl Asks,
    streams: &[Uuid],
) -> Result<HashMap<Uuid, Version>, Error> {
    let found = places(connection, VERSIONS, streams).await?;
    let mut all: HashMap<Uuid, Version> = streams.iter().map(|stream| (*stream, 0)).collect();
    all.extend(found.into_iter().map(|(place, version)| (streams[place], version)));
    Ok(all)
}

/// What was found for each of them, by its place; the rows give places from 1.
async fn places(connection: &impl Asks, sql: &'static str, of: &[Uuid]) -> Result<Vec<(usize, u64)>, Error> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let rows = connection.query(sql, &[&of]).await?;
    let place = |row: &Row| usize::try_from(row.get::<_, i64>(0)).ok()?.checked_sub(1);
    Ok(rows.iter().filter_map(|row| Some((place(row)?, from_sql(row.get(1))))).collect())
}

/// Writes what the group has taken, and commits; says whether the log's end was the one that was locked, and these keys are unused.
pub(super) async fn end(
    connection: &Connection,
    group: &Group<'_>,
    seal: &Seal,
    known: &Link,
    unused: Vec<Uuid>,
) -> Result<bool, Error> {
    if group.placed.is_empty() {
        return connection.run("COMMIT").await.map(|()| true);
    }
    let (written, held) = (Written::of(group, seal, known), Held { unused, ..Held::default() });
    let (is_written, committed) =
        tokio::join!(biased; written.append(connection, &held), connection.run("COMMIT"));
    // After a failure, COMMIT rolls back and says that all is well.
    let is_written = is_written?;
    committed.map(|()| is_written)
}
