//! Loads new tables in bulk, beside the ones that are read.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::ToSql;
use uuid::Uuid;
use watershed_core::ports::{Checkpoint, Later, Loader, ParkedKey, RowError, StoredRow};
use watershed_store::rows::{Bind, KeyColumn};
use watershed_store::to_sql;

use super::edition::Made;
use super::failure::Failure;
use super::group::Group;
use super::names::row_id;
use super::pool::Lent;
use super::statements::{TableSql, create_indexes, create_table};
use super::sweep::{self, hold};
use super::tables::{self, PARK, SET, check, everything_changed, park, set_checkpoint};
use super::value::Bound;
use super::views;
use crate::connection::quoted;

const LOCK: &str = include_str!("sql/lock.sql");
const UNLEAVE: &str = include_str!("sql/unleave.sql");

/// How much memory an index may be sorted in.
const SORTING: &str = "SET maintenance_work_mem = '128MB'";

/// Fills tables of a load of its own, until the checkpoint's row names them instead of the old ones.
///
/// The load is held as long as the connection lives: what is left of one that has ended is dropped by whoever comes next.
pub(crate) struct PostgresLoader {
    group: Arc<Group>,
    lent: Lent,
    load: i64,
    /// The new tables, under an id that no checkpoint has.
    new: Made,
}

impl PostgresLoader {
    pub(super) async fn start(group: Arc<Group>) -> Result<Self, RowError> {
        sweep::drop_leftovers(&group.pool).await;
        let lent = group.pool.lend().await.map_err(RowError::from)?;
        let made = Self::make(&group, &lent).await;
        let (load, new) = made.map_err(RowError::from)?;
        Ok(Self { group, lent, load, new })
    }

    async fn make(group: &Group, lent: &Lent) -> Result<(i64, Made), Failure> {
        let load = tables::next_load(lent).await?;
        hold(lent, &group.pool.options().schema, load).await?;
        let names = group.edition.names(load);
        lent.run("BEGIN").await?;
        tables::leave(lent, &names, load).await?;
        for (spec, name) in group.edition.specs.iter().zip(&names) {
            lent.run(&create_table(spec, name)).await?;
        }
        lent.run("COMMIT").await?;
        Ok((load, group.edition.of_load(0, load, names)))
    }

    async fn add_now(&mut self, place: usize, rows: &[StoredRow]) -> Result<(), Failure> {
        let table = self.new.at(place)?;
        let sink = self.lent.copy_in(&table.copy).await?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &table.types()));
        for row in rows {
            check(&table.spec, row)?;
            let (id, line) = (row_id(&row.key), Line::of(table, row));
            writer.as_mut().write(&line.values(&id)).await?;
        }
        writer.finish().await?;
        Ok(())
    }

    async fn finish_now(self, parked: &[ParkedKey], checkpoint: &Checkpoint) -> Result<(), RowError> {
        self.make_indexes().await?;
        let _one_at_a_time = self.group.writing.lock().await;
        match self.put_in_place(parked, checkpoint).await {
            Ok(()) => {}
            // The answer to the commit may be what was lost.
            Err(failure) if failure.is_lost() && self.is_in_place().await? => {}
            Err(failure) => return Err(failure.into()),
        }
        self.group.look().await?;
        self.group.may_replace.store(false, Ordering::Relaxed);
        let pool = self.group.pool.clone();
        tokio::spawn(async move { sweep::drop_leftovers(&pool).await });
        Ok(())
    }

    /// Makes each index in a transaction of its own: no reader sees the tables yet.
    async fn make_indexes(&self) -> Result<(), Failure> {
        self.lent.run(SORTING).await?;
        for table in &self.new.tables {
            for index in create_indexes(&table.spec, &table.table) {
                self.lent.run(&index).await?;
            }
            self.lent.run(&format!("ANALYZE {}", quoted(&table.table))).await?;
        }
        Ok(())
    }

    async fn put_in_place(&self, parked: &[ParkedKey], checkpoint: &Checkpoint) -> Result<(), Failure> {
        let (lent, edition) = (&self.lent, &self.group.edition);
        let number = i64::from(edition.number);
        lent.run("BEGIN").await?;
        let locked = lent.query(LOCK, &[&edition.name, &number]).await?;
        let Some(row) = locked.first() else {
            let problem = format!("edition {number} of `{}` has been removed", edition.name);
            return Err(RowError::Store(problem).into());
        };
        let old = edition.found(row)?;
        let names: Vec<String> = self.new.names().into_iter().map(str::to_owned).collect();
        let made = tables::replace(lent, edition, Some(&old), self.load, names.clone()).await?;
        lent.execute(UNLEAVE, &[&names]).await?;
        let (setting, parking) = (lent.statement(SET).await?, lent.statement(PARK).await?);
        set_checkpoint(lent, &setting, (made.id, made.load), checkpoint, Uuid::new_v4()).await?;
        for parked in parked {
            let view = &*made.at(parked.table)?.spec.name;
            park(lent, &parking, made.id, view, parked).await?;
        }
        everything_changed(lent, edition, made.id, checkpoint.updated_at).await?;
        views::follow(lent, &edition.name).await?;
        lent.run("COMMIT").await?;
        Ok(())
    }

    async fn is_in_place(&self) -> Result<bool, RowError> {
        Ok(self.group.look().await?.is_some_and(|made| made.load == self.load))
    }
}

/// A row as `COPY` takes it.
struct Line<'a> {
    tenant: &'a str,
    columns: Vec<Bound<'a>>,
    key: Option<&'a str>,
    position: i64,
    revision: i64,
    shown: bool,
    long: bool,
}

impl<'a> Line<'a> {
    fn of(table: &TableSql, row: &'a StoredRow) -> Self {
        Self {
            tenant: row.key.tenant.as_str(),
            columns: row.values.iter().map(|value| Bound(Bind::Value(value))).collect(),
            key: (table.key == KeyColumn::Own).then_some(row.key.key.as_str()),
            position: to_sql(row.position),
            revision: to_sql(row.revision),
            shown: row.shown,
            long: table.is_long(row),
        }
    }

    fn values<'v>(&'v self, id: &'v Uuid) -> Vec<&'v (dyn ToSql + Sync)> {
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![id, &self.tenant];
        values.extend(self.columns.iter().map(|column| column as &(dyn ToSql + Sync)));
        values.extend(self.key.iter().map(|key| key as &(dyn ToSql + Sync)));
        values.extend([&self.position as &(dyn ToSql + Sync), &self.revision, &self.shown, &self.long]);
        values
    }
}

impl Loader for PostgresLoader {
    fn add<'a>(&'a mut self, table: usize, mut rows: Vec<StoredRow>) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            // Rows that lie in the order of their keys are read with fewer pages.
            rows.sort_unstable_by(|left, right| left.key.cmp(&right.key));
            Ok(self.add_now(table, &rows).await?)
        })
    }

    fn finish(
        self: Box<Self>,
        parked: Vec<ParkedKey>,
        checkpoint: Checkpoint,
    ) -> Later<'static, Result<(), RowError>> {
        Box::pin(async move { self.finish_now(&parked, &checkpoint).await })
    }
}
