//! Answers to readers.

use std::sync::Arc;

use tokio_postgres::Row;
use watershed_core::ports::{Events, KeyRecord, LogError, NameCache, ReadFrom, Scope};
use watershed_core::{Position, StoredEvent, StreamId, Tag, Tenant, Version};
use watershed_store::{FAR, from_sql, to_sql};

use super::names;
use super::row::read_event;
use super::shared::Shared;
use crate::connection::Values;

impl Shared {
    pub(super) async fn read(&self, from: ReadFrom) -> Result<Events, LogError> {
        let ReadFrom { scope, after, limit } = from;
        let after = after.min(FAR);
        // What comes later is not looked at: a page is of one moment.
        let head = self.head();
        match scope {
            Scope::Log => self.read_log(after, limit, head).await,
            Scope::Stream { tenant, stream } => {
                let key = names::stream(&tenant, &stream);
                let sql = include_str!("sql/select_stream.sql");
                let rows =
                    self.readers.query(sql, &[&key, &to_sql(after), &to_sql(head), &one_more(limit)]).await?;
                let events = page(&rows, limit, head)?;
                let fits = events.events.iter().zip(after + 1..);
                match fits.into_iter().find(|(event, version)| event.version != *version) {
                    None => Ok(events),
                    Some((event, _)) => Err(LogError::Damaged {
                        position: event.position,
                        problem: "its version does not follow the one before in its stream".to_owned(),
                    }),
                }
            }
            Scope::Boundary { tenant, boundary } => {
                if !boundary.tags.is_empty() {
                    return self.read_tagged(&tenant, &boundary, after, limit).await;
                }
                let sql = include_str!("sql/select_named.sql");
                let (tenant, after, until, limit_one) =
                    (tenant.as_str(), to_sql(after), to_sql(head), one_more(limit));
                let rows =
                    self.readers.query(sql, &[&tenant, &after, &until, &boundary.names, &limit_one]).await?;
                page(&rows, limit, head)
            }
        }
    }

    async fn read_log(&self, after: Position, limit: usize, head: Position) -> Result<Events, LogError> {
        if after >= head {
            return Ok(Events { events: Vec::new(), complete: true, head });
        }
        if let Some(events) = self.newest.range(after, head, limit) {
            return Ok(Events { complete: after + events.len() as u64 >= head, events, head });
        }
        let sql = include_str!("sql/select_range.sql");
        let (from, until, most) = (to_sql(after), to_sql(head), i64::try_from(limit).unwrap_or(i64::MAX));
        let values: Values<'_> = &[&from, &until, &most];
        // The newest events are there last: only pages that end before them are looked for on standbys.
        let is_past = limit > 0 && head - after >= limit as u64;
        let elsewhere = if is_past { self.replicas.query(sql, values).await } else { None };
        let rows = match elsewhere.filter(|rows| rows.len() == limit) {
            Some(rows) => rows,
            None => self.readers.query(sql, values).await?,
        };
        let events = events(&rows)?;
        for (event, position) in events.iter().zip(after + 1..) {
            if event.position != position {
                return Err(LogError::Hole { after: position - 1, found: event.position });
            }
        }
        let last = events.last().map_or(after, |event| event.position);
        if events.is_empty() && limit > 0 {
            return Err(LogError::Hole { after, found: head });
        }
        Ok(Events { complete: last >= head, events, head })
    }

    pub(super) async fn key_record(&self, tenant: &Tenant, key: &str) -> Result<Option<KeyRecord>, LogError> {
        let sql = include_str!("sql/select_key.sql");
        let rows = self.readers.query(sql, &[&names::key(tenant, key)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let position = from_sql(row.get(4));
        let fingerprint: &[u8] = row.get(2);
        let fingerprint = fingerprint.try_into().map_err(|_| LogError::Damaged {
            position,
            problem: "its fingerprint has another length".to_owned(),
        })?;
        let events: Vec<&str> = row.get(5);
        Ok(Some(KeyRecord {
            fingerprint,
            stream: StreamId::new(row.get::<_, &str>(0), row.get::<_, &str>(1)),
            version: from_sql(row.get(3)),
            position,
            events: events.into_iter().map(Arc::from).collect(),
        }))
    }

    pub(super) async fn tagged(&self, tenant: &Tenant, tag: &Tag) -> Result<Option<Position>, LogError> {
        let sql = include_str!("sql/select_tag.sql");
        let rows = self.readers.query(sql, &[&names::tag(tenant, &tag.to_string())]).await?;
        Ok(rows.first().and_then(|row| row.get::<_, Option<i64>>(0)).map(from_sql))
    }

    pub(super) async fn version(&self, tenant: &Tenant, stream: &StreamId) -> Result<Version, LogError> {
        let sql = include_str!("sql/select_version.sql");
        let rows = self.readers.query(sql, &[&names::stream(tenant, stream)]).await?;
        Ok(rows.first().map_or(0, |row| from_sql(row.get(0))))
    }
}

pub(super) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// At most `limit` of the rows, of which there is one more where there is more.
pub(super) fn page(rows: &[Row], limit: usize, head: Position) -> Result<Events, LogError> {
    let events = events(&rows[..rows.len().min(limit)])?;
    Ok(Events { events, complete: rows.len() <= limit, head })
}

pub(super) fn events(rows: &[Row]) -> Result<Vec<Arc<StoredEvent>>, LogError> {
    let (mut names, mut bytes) = (NameCache::default(), Vec::new());
    rows.iter().map(|row| read_event(row, &mut names, &mut bytes).map(Arc::new)).collect()
}
