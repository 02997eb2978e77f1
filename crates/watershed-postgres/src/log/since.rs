//! What has been appended since a process last saw the log's end.

use std::borrow::Cow;
use std::collections::HashMap;

use tokio_postgres::types::FromSql;
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
    /// Of those that bear tags.
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
        let Some(found) = rows.first() else { return Ok(None) };
        let (head, link) = (from_sql(found.get(0)), link_of(found, 1));
        let others = known.and_then(|known| Others::of(found, known, (head, link)));
        Ok(Some(Self { head, link, others }))
    }
}

impl Others {
    /// What stands for tags, and the events that bear them, with their names.
    pub(super) fn borne(&self) -> impl Iterator<Item = (Uuid, Position, &str)> {
        self.events
            .iter()
            .flat_map(|event| event.lists.iter().map(|list| (*list, event.position, &*event.name)))
    }

    fn of(found: &Row, known: (Position, Link), end: (Position, Link)) -> Option<Self> {
        if known == end {
            return Some(Self::default());
        }
        // The event that was the last one, unless the log was empty. After a failover it may be another one.
        if known.0 > 0 && link_of(found, 2) != known.1 {
            return None;
        }
        let streams: Vec<Uuid> = column(found, 3);
        if streams.len() as u64 != end.0.checked_sub(known.0)? {
            return None;
        }
        let versions = column::<i64>(found, 4).into_iter().map(from_sql);
        // A condition without tags is asked about: of events that bear none nothing more need be known.
        let (positions, tenants) = (column::<i64>(found, 5), column::<&str>(found, 6));
        let (names, tags) = (column::<&str>(found, 7), column::<&str>(found, 8));
        let bearing = positions.into_iter().zip(tenants).zip(names.into_iter().zip(tags));
        let passed = bearing.map(|((position, tenant), (name, tags))| {
            let tenant = Tenant::stored(tenant.into());
            let lists = names::tags(&tenant, Some(tags)).ok()?.into();
            Some(Passed { position: from_sql(position), name: Cow::Owned(name.to_owned()), lists, tenant })
        });
        Some(Self {
            events: passed.collect::<Option<_>>()?,
            versions: streams.into_iter().zip(versions).collect(),
        })
    }
}

/// What the events have there, one after the other.
fn column<'a, T: FromSql<'a>>(found: &'a Row, place: usize) -> Vec<T> {
    found.get::<_, Option<Vec<T>>>(place).unwrap_or_default()
}
