//! The rows of a group as statements take them.

use tokio_postgres::types::ToSql;
use uuid::Uuid;
use watershed_store::to_sql;

use super::group::{Group, Seal};

/// The rows of a group, column by column.
#[derive(Default)]
pub(super) struct Columns<'a> {
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
    links: Vec<Option<&'a [u8]>>,
    stream_keys: Vec<Uuid>,
    key_lists: Vec<Option<Uuid>>,
    tag_lists: Vec<Uuid>,
    tag_positions: Vec<i64>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(group: &'a Group<'a>, seal: &'a Seal) -> Self {
        let mut all = Self { sums: &seal.sums, ..Self::default() };
        for (place, event) in group.placed.iter().enumerate() {
            let row = event.row();
            all.positions.push(to_sql(row.position));
            all.ids.push(Uuid::from_slice(row.id).unwrap_or_default());
            all.tenants.push(row.tenant);
            all.categories.push(row.category);
            all.streams.push(row.stream);
            all.versions.push(to_sql(row.version));
            all.names.push(row.name);
            all.schemas.push(row.schema.into());
            // invariant: checked before it was queued.
            all.payloads.push(std::str::from_utf8(row.payload).unwrap_or_default());
            all.recorded.push(row.recorded_at);
            all.actors.push(row.actor);
            all.correlations.push(row.correlation);
            all.causations.push(row.causation);
            all.traceparents.push(row.traceparent);
            all.tags.push(row.tags);
            all.keys.push(row.idem_key);
            all.fingerprints.push(row.fingerprint);
            all.follows.push(row.follows.map(i64::from));
            all.links.push((place + 1 == group.placed.len()).then_some(&seal.link[..]));
            all.stream_keys.push(event.append.stream);
            all.key_lists.push(event.key());
        }
        (all.tag_lists, all.tag_positions) = group.tags();
        all
    }

    /// In the order of the statements' parameters, from the first.
    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        vec![
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
        ]
    }
}
