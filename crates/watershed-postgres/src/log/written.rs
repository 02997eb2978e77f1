//! What a group writes, as one statement takes it.

use tokio_postgres::Error;
use uuid::Uuid;
use watershed_core::Version;
use watershed_store::{Link, to_sql};

use super::group::{Group, Seal};
use super::packed::Packed;
use crate::connection::Asks;

pub(super) const APPEND: &str = include_str!("sql/append_events.sql");

/// The rows of a group, and the log's end before and after them. It stands by itself: the group is not needed any more.
pub(super) struct Written {
    known: (i64, Link),
    new: (i64, Link),
    rows: Packed,
    tags: (Vec<Uuid>, Vec<i64>),
}

/// What the statement holds against the database beside the log's end. Nothing, where that has been done behind the head's lock.
#[derive(Default)]
pub(super) struct Held {
    pub(super) streams: Vec<Uuid>,
    pub(super) versions: Vec<i64>,
    /// The tags that nobody may have used.
    pub(super) once: Vec<Uuid>,
    /// The keys of appends that are not written, which nobody may have used either.
    pub(super) unused: Vec<Uuid>,
}

impl Held {
    pub(super) fn new(versions: &[(Uuid, Version)], once: Vec<Uuid>, unused: Vec<Uuid>) -> Self {
        let (streams, versions) =
            versions.iter().map(|(stream, version)| (*stream, to_sql(*version))).unzip();
        Self { streams, versions, once, unused }
    }
}

impl Written {
    pub(super) fn of(group: &Group<'_>, seal: &Seal, known: &Link) -> Self {
        Self {
            known: (to_sql(group.before()), *known),
            new: (to_sql(group.last()), seal.link),
            rows: Packed::of(group, seal),
            tags: group.tags(),
        }
    }

    /// Writes it, and says whether everything was as it is trusted to be; nothing is written where it was not.
    pub(super) async fn append(&self, connection: &impl Asks, held: &Held) -> Result<bool, Error> {
        let ((known, known_link), (new, new_link)) = (&self.known, &self.new);
        let (known_link, new_link) = (&known_link[..], &new_link[..]);
        let (lists, positions) = &self.tags;
        let rows = connection
            .query(
                APPEND,
                &[
                    known,
                    &known_link,
                    new,
                    &new_link,
                    &self.rows,
                    lists,
                    positions,
                    &held.streams,
                    &held.versions,
                    &held.once,
                    &held.unused,
                ],
            )
            .await?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }
}
