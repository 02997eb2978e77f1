//! Snapshots of aggregates: kept beside the events, and lost without harm.

use std::sync::Arc;

use watershed_core::ports::Snapshot;
use watershed_core::{StreamId, Tenant};
use watershed_store::{checksum, from_sql, to_sql};

use super::names;
use super::shared::Shared;

impl Shared {
    pub(super) async fn load_snapshot(&self, tenant: &Tenant, stream: &StreamId) -> Option<Snapshot> {
        let sql = include_str!("sql/select_snapshot.sql");
        let rows = self.readers.query(sql, &[&names::stream(tenant, stream)]).await.ok()?;
        let row = rows.first()?;
        let state: Vec<u8> = row.get(2);
        (from_sql(row.get(3)) == checksum(&state)).then_some(Snapshot {
            version: from_sql(row.get(0)),
            meaning: u32::try_from(row.get::<_, i64>(1)).ok()?,
            state,
        })
    }

    /// Keeps it, on a task of its own.
    pub(super) fn save_snapshot(self: &Arc<Self>, tenant: &Tenant, stream: &StreamId, snapshot: Snapshot) {
        let (key, shared) = (names::stream(tenant, stream), self.clone());
        tokio::spawn(async move {
            let Snapshot { version, meaning, state } = snapshot;
            let (version, meaning) = (to_sql(version), i64::from(meaning));
            let sum = to_sql(checksum(&state));
            let sql = include_str!("sql/upsert_snapshot.sql");
            if let Err(error) = shared.readers.execute(sql, &[&key, &version, &meaning, &state, &sum]).await {
                tracing::debug!(%error, "a snapshot was not kept");
            }
        });
    }
}
