//! The editions of all groups in one schema.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use watershed_core::ports::{
    GroupSpec, Later, Leases, RowEditions, RowError, RowGroup, RowSnapshots, RowStore,
};

use super::edition::{Edition, FIND, Made, lock_of};
use super::failure::Failure;
use super::group::{Group, PostgresGroup};
use super::pool::{Lent, Pool};
use super::tables::{self, begin_journal, everything_changed};
use super::{snapshots, sweep, views};
use crate::connection::Connection;
use crate::error::OpenError;
use crate::migrate::{ROWS, bring_up};
use crate::options::Options;
use crate::replicas::{Replicas, identity_of};

const HOLD: &str = include_str!("sql/hold_edition.sql");
const TABLES_THERE: &str = include_str!("sql/tables_there.sql");

/// The handles of each edition.
type Open = HashMap<(String, u32), Vec<Weak<Group>>>;

/// Keeps each edition of a group of read models in tables of its own, in a schema of a PostgreSQL database. The edition that has
/// been published last is shown by views under the read models' own names.
///
/// The tables can be read with any tool, and made again from the log. What belongs to them is in `checkpoints`, `parked`, and
/// `changes` and `journals`, where a journal is kept. Several processes may open the same editions.
pub struct PostgresRows {
    pub(super) pool: Arc<Pool>,
    /// Standbys that answer questions, where there are any.
    replicas: Option<Arc<Replicas>>,
    /// What is open here, and not to be removed.
    open: Mutex<Open>,
}

impl fmt::Debug for PostgresRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresRows({})", self.pool.options().schema)
    }
}

impl PostgresRows {
    /// The rows in that schema, which is made where it is not there.
    ///
    /// # Errors
    /// Where the server cannot be reached, or its tables cannot be made.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let connection = Connection::open(&options).await?;
        bring_up(&connection, &options, &[ROWS]).await?;
        let pool = Arc::new(Pool::new(&options));
        sweep::drop_leftovers(&pool).await;
        // By the log that the rows are folded from a standby is known to be one of this server's.
        let identity = if options.replicas.is_empty() { None } else { identity_of(&connection).await? };
        let replicas = identity.map(|identity| Arc::new(Replicas::new(&options, identity, options.readers)));
        Ok(Self { pool, replicas, open: Mutex::default() })
    }

    async fn open_group(&self, spec: GroupSpec) -> Result<Arc<dyn RowGroup>, RowError> {
        let edition = Edition::new(spec);
        let of = (edition.name.clone(), edition.number);
        let lent = self.pool.lend().await?;
        let made = self.find_or_make(&lent, &edition).await;
        let made = lent.end(made).await?;
        let group = Arc::new(Group::new(self.pool.clone(), self.replicas.clone(), edition, made));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let handles = open.entry(of).or_default();
        handles.retain(|handle| handle.strong_count() > 0);
        handles.push(Arc::downgrade(&group));
        Ok(Arc::new(PostgresGroup(group)))
    }

    /// The edition's tables, made where there are none; none where those that are there are of another version.
    async fn find_or_make(&self, lent: &Lent, edition: &Edition) -> Result<Option<Arc<Made>>, Failure> {
        self.hold(lent, &edition.name, edition.number).await?;
        let Some(found) = edition.find(lent).await? else {
            let made = tables::make(lent, edition, None).await?;
            begin_journal(lent, edition, made.id).await?;
            return Ok(Some(Arc::new(made)));
        };
        begin_journal(lent, edition, found.id).await?;
        let Some(made) = edition.made_as(&found, None) else { return Ok(None) };
        // Somebody may have dropped one by hand: what is left of them without the others is of no use.
        let there = lent.query(TABLES_THERE, &[&found.tables]).await?;
        let there: i64 = there.first().map_or(Ok(0), |row| row.try_get(0))?;
        if usize::try_from(there) == Ok(found.tables.len()) {
            return Ok(Some(made));
        }
        let made = tables::make(lent, edition, Some(&found)).await?;
        everything_changed(lent, edition, made.id, None).await?;
        Ok(Some(Arc::new(made)))
    }

    /// Begins a transaction in which nobody else makes or removes that edition.
    async fn hold(&self, lent: &Lent, group: &str, edition: u32) -> Result<(), Failure> {
        lent.run("BEGIN").await?;
        lent.query(HOLD, &[&lock_of(&self.pool.options().schema, group, edition)]).await?;
        Ok(())
    }

    async fn publish_now(&self, group: &str, edition: u32) -> Result<(), Failure> {
        let lent = self.pool.lend().await?;
        let published = async {
            lent.run("BEGIN").await?;
            views::publish(&lent, group, edition).await
        };
        let published = published.await;
        lent.end(published).await
    }

    async fn remove_now(&self, group: &str, edition: u32) -> Result<(), RowError> {
        if self.is_open(group, edition) {
            return Err(RowError::Store(format!("edition {edition} of `{group}` is in use")));
        }
        let lent = self.pool.lend().await?;
        let removed = async {
            self.hold(&lent, group, edition).await?;
            let number = i64::from(edition);
            let found = lent.query(FIND, &[&group, &number]).await?;
            let Some(row) = found.first() else { return Ok(()) };
            if row.try_get(5)? {
                views::remove(&lent, group).await?;
            }
            let tables: Vec<String> = row.try_get(2)?;
            tables::drop_group(&lent, row.try_get(0)?, row.try_get(1)?, &tables).await
        };
        let removed = removed.await;
        lent.end(removed).await?;
        sweep::drop_leftovers(&self.pool).await;
        Ok(())
    }

    fn is_open(&self, group: &str, edition: u32) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let handles = open.get(&(group.to_owned(), edition));
        handles.is_some_and(|handles| handles.iter().any(|handle| handle.strong_count() > 0))
    }

    async fn restore_now(&self, name: &str, group: &str, edition: u32) -> Result<(), Failure> {
        let lent = self.pool.lend().await?;
        let restored = async {
            self.hold(&lent, group, edition).await?;
            snapshots::restore(&lent, name, group, edition).await
        };
        let restored = restored.await;
        lent.end(restored).await
    }
}

impl RowStore for PostgresRows {
    fn open(&self, group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        Box::pin(self.open_group(group))
    }
}

impl RowEditions for PostgresRows {
    fn publish<'a>(&'a self, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move { Ok(self.publish_now(group, edition).await?) })
    }

    fn remove<'a>(&'a self, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        Box::pin(self.remove_now(group, edition))
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }
}

impl RowSnapshots for PostgresRows {
    fn save<'a>(
        &'a self,
        group: &'a str,
        edition: u32,
        name: &'a str,
        note: &'a str,
    ) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move { Ok(snapshots::save(&self.pool, (group, edition), name, note).await?) })
    }

    fn note<'a>(&'a self, name: &'a str) -> Later<'a, Result<Option<String>, RowError>> {
        Box::pin(async move { Ok(snapshots::note(&self.pool, name).await?) })
    }

    fn restore<'a>(&'a self, name: &'a str, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move { Ok(self.restore_now(name, group, edition).await?) })
    }
}
