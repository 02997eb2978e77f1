use rusqlite::OptionalExtension;
use watershed_core::ports::Snapshot;

use super::IndexReader;
use super::file::IndexFile;
use crate::log::lists::ListId;
use watershed_store::checksum;
use watershed_store::{from_sql, to_sql};

/// Over everything that a snapshot says, and of which stream.
fn snapshot_checksum(list: ListId, snapshot: &Snapshot) -> u64 {
    let mut bytes = Vec::with_capacity(28 + snapshot.state.len());
    bytes.extend_from_slice(&list.to_bytes());
    bytes.extend_from_slice(&snapshot.version.to_le_bytes());
    bytes.extend_from_slice(&snapshot.meaning.to_le_bytes());
    bytes.extend_from_slice(&snapshot.state);
    checksum(&bytes)
}

impl IndexFile {
    /// Keeps the snapshot, unless a newer one is there.
    pub(super) fn save(&self, list: ListId, snapshot: &Snapshot) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(include_str!("sql/save_snapshot.sql"))?;
        statement.execute((
            list.to_bytes(),
            to_sql(snapshot.version),
            snapshot.meaning,
            &snapshot.state[..],
            to_sql(snapshot_checksum(list, snapshot)),
        ))?;
        Ok(())
    }
}

impl IndexReader {
    /// The stream's snapshot; none where there is none, or it is not what was written.
    pub(crate) fn snapshot(&self, list: ListId) -> Option<Snapshot> {
        let mut statement = self.statement(include_str!("sql/select_snapshot.sql")).ok()?;
        let found = statement
            .query_row([list.to_bytes()], |row| {
                let snapshot =
                    Snapshot { version: from_sql(row.get(0)?), meaning: row.get(1)?, state: row.get(2)? };
                Ok((snapshot, row.get::<_, i64>(3)?))
            })
            .optional();
        match found {
            Ok(Some((snapshot, sum))) if sum == to_sql(snapshot_checksum(list, &snapshot)) => Some(snapshot),
            Ok(None) => None,
            _ => {
                tracing::warn!("a snapshot is damaged and passed over");
                None
            }
        }
    }
}
