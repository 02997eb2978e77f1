//! What has been appended since a process last saw the log's end.

use std::borrow::Cow;
use std::collections::HashMap;

use tokio_postgres::{Error, Row};
use uuid::Uuid;
use watershed_core::{Position, Tenant, Version};
use watershed_store::{FAR, Link, from_sql, to_sql};

use super::commit::link_of;
use super::names;
use super::recent::Passed;
use crate::connection::Asks;

pub(super) const SINCE: &str = include_str!("sql/select_since.sql");
/// So many events are read; where there are more, what was known is forgotten.
const MOST: i64 = 4_096;

/// The log's end, and how it has come there.
pub(super) struct Since {
    pub(super) head: Position,
    pub(super) link: Link,
    /// None where too much has come, or the log is not the one that was known.
    pub(super) others: Option<Others>,
}

/// What others have appended.
#[derive(Default)]
pub(super) struct Others {
    pub(super) events: Vec<Passed>,
    /// The versions that their streams have now.
    pub(super) versions: HashMap<Uuid, Version>,
}

impl Since {
    /// Asks what has come since that end, with one statement, sent when this is first polled. None where the log has no head.
    pub(super) async fn read(
        connection: &impl Asks,
        known: Option<(Position, Link)>,
    ) -> Result<Option<Self>, Error> {
        let after = known.map_or(FAR, |(position, _)| position);
        let rows = connection.query(SINCE, &[&to_sql(after), &(MOST + 1)]).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let (head, link) = (from_sql(first.get(0)), link_of(first, 1));
        let others = known.and_then(|known| Others::of(&rows, known, (head, link)));
        Ok(Some(Self { head, link, others }))
    }
}

impl Others {
    /// What stands for tags, and the events that bear them.
    pub(super) fn borne(&self) -> impl Iterator<Item = (Uuid, Position)> {
        self.events.iter().flat_map(|event| event.lists.iter().map(|list| (*list, event.position)))
    }

    fn of(rows: &[Row], known: (Position, Link), end: (Position, Link)) -> Option<Self> {
        if known == end {
            return Some(Self::default());
        }
        // The event that was the last one, unless the log was empty. After a failover it may be another one.
        let last = |row: &&Row| row.get::<_, Option<i64>>(2).is_some_and(|at| from_sql(at) == known.0);
        let rows = match rows.split_first() {
            Some((first, behind)) if last(&first) => (link_of(first, 3) == known.1).then_some(behind)?,
            _ if known.0 == 0 => rows,
            _ => return None,
        };
        if rows.len() as u64 != end.0.checked_sub(known.0)? {
            return None;
        }
        let mut others = Self::default();
        for row in rows {
            let position = from_sql(row.get::<_, Option<i64>>(2)?);
            let tenant = Tenant::stored(row.get::<_, &str>(4).into());
            others.versions.insert(row.get(6), from_sql(row.get(7)));
            others.events.push(Passed {
                position,
                lists: names::tags(&tenant, row.get(8)).ok()?.into(),
                name: Cow::Owned(row.get(5)),
                tenant,
            });
        }
        Some(others)
    }
}
