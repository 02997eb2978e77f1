//! Changes of rows, by lists: one statement for the rows of a table that are put, one for those that are taken away.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::task::Poll;

use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;
use uuid::Uuid;
use watershed_core::ports::{Later, RowChange, RowError, RowsBatch, StoredRow};
use watershed_core::{TableSpec, Value};
use watershed_store::rows::{Bind, KeyColumn};
use watershed_store::to_sql;

use super::super::edition::{Edition, Made};
use super::super::failure::Failure;
use super::super::names::row_id;
use super::super::statements::TableSql;
use super::super::value::{Bound, misfit};
use super::checkpoint::{SET, set_checkpoint};
use super::parked::{PARK, UNPARK, check_key, park, unpark};
use crate::connection::{Connection, Values};

const LOCK_AS_KNOWN: &str = include_str!("../sql/lock_as_known.sql");

/// So many rows are put by one statement: more would be held in memory once more, as it is sent.
const AT_ONCE: usize = 5_000;

/// A batch's changes, each key once.
pub(crate) struct Changes<'b> {
    pub(crate) tables: Vec<TableChanges<'b>>,
}

/// The changes of one table.
pub(crate) struct TableChanges<'b> {
    pub(crate) place: usize,
    /// In their order, with the rows' ids. Of several changes of a key the last one counts.
    pub(crate) changes: Vec<(Uuid, &'b RowChange)>,
}

impl<'b> Changes<'b> {
    /// The batch's, once it is known that all of them can be written.
    pub(crate) fn of(edition: &Edition, batch: &'b RowsBatch) -> Result<Self, RowError> {
        let mut tables: Vec<TableChanges<'b>> = Vec::new();
        let mut known: HashMap<(usize, Uuid), usize> = HashMap::new();
        for (place, changes) in &batch.changes {
            let spec = edition.specs.get(*place).ok_or_else(|| no_table(edition, *place))?;
            let at = tables.iter().position(|table| table.place == *place).unwrap_or_else(|| {
                tables.push(TableChanges { place: *place, changes: Vec::with_capacity(changes.len()) });
                tables.len() - 1
            });
            let table = &mut tables[at];
            for change in changes {
                let key = match change {
                    RowChange::Put(row) => {
                        check(spec, row)?;
                        &row.key
                    }
                    RowChange::Delete(key) => key,
                };
                check_key(key)?;
                let id = row_id(key);
                match known.entry((*place, id)) {
                    Entry::Occupied(earlier) => {
                        table.changes[*earlier.get()].1 = change;
                    }
                    Entry::Vacant(new) => {
                        new.insert(table.changes.len());
                        table.changes.push((id, change));
                    }
                }
            }
        }
        for parked in &batch.park {
            check_key(&parked.key)?;
            edition.specs.get(parked.table).ok_or_else(|| no_table(edition, parked.table))?;
        }
        for (place, _) in &batch.unpark {
            edition.specs.get(*place).ok_or_else(|| no_table(edition, *place))?;
        }
        Ok(Self { tables })
    }
}

fn no_table(edition: &Edition, place: usize) -> RowError {
    RowError::Store(format!("`{}` has no table {place}", edition.name))
}

/// A row that does not fit its table would be found under no key, or with its contents in the wrong columns.
pub(crate) fn check(spec: &TableSpec, row: &StoredRow) -> Result<(), RowError> {
    let (name, key) = (&spec.name, row.key.key.as_str());
    if row.values.len() != spec.columns.len() {
        return Err(RowError::Store(format!(
            "row `{key}` of `{name}` has {} columns, the table has {}",
            row.values.len(),
            spec.columns.len(),
        )));
    }
    for (column, value) in spec.columns.iter().zip(&row.values) {
        if let Some(problem) = misfit(column.kind, value) {
            let column = &column.name;
            return Err(RowError::Store(format!("row `{key}` of `{name}`, column `{column}`: {problem}")));
        }
    }
    if let KeyColumn::Column(place) = KeyColumn::of(spec)
        && !matches!(&row.values[place], Value::Text(text) if **text == *key)
    {
        return Err(RowError::Store(format!(
            "row `{key}` of `{name}` has another key in its column: {:?}",
            row.values[place],
        )));
    }
    Ok(())
}

/// Rows, column by column.
struct Lists<'a> {
    ids: Vec<Uuid>,
    tenants: Vec<&'a str>,
    columns: Vec<Vec<Bound<'a>>>,
    keys: Option<Vec<&'a str>>,
    positions: Vec<i64>,
    revisions: Vec<i64>,
    shown: Vec<bool>,
    long: Vec<bool>,
}

impl<'a> Lists<'a> {
    fn of(table: &TableSql, rows: &[(Uuid, &'a StoredRow)]) -> Self {
        let each = || rows.iter().map(|(_, row)| *row);
        let column = |place: usize| each().map(move |row| Bound(Bind::Value(&row.values[place]))).collect();
        Self {
            ids: rows.iter().map(|(id, _)| *id).collect(),
            tenants: each().map(|row| row.key.tenant.as_str()).collect(),
            columns: (0..table.spec.columns.len()).map(column).collect(),
            keys: (table.key == KeyColumn::Own).then(|| each().map(|row| row.key.key.as_str()).collect()),
            positions: each().map(|row| to_sql(row.position)).collect(),
            revisions: each().map(|row| to_sql(row.revision)).collect(),
            shown: each().map(|row| row.shown).collect(),
            long: each().map(|row| table.is_long(row)).collect(),
        }
    }

    fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&self.ids, &self.tenants];
        values.extend(self.columns.iter().map(|column| column as &(dyn ToSql + Sync)));
        values.extend(self.keys.iter().map(|keys| keys as &(dyn ToSql + Sync)));
        values.extend([&self.positions as &(dyn ToSql + Sync), &self.revisions, &self.shown, &self.long]);
        values
    }
}

/// One transaction's statements behind the lock.
pub(crate) struct Write<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) made: &'a Made,
    pub(crate) batch: &'a RowsBatch,
    pub(crate) changes: &'a Changes<'a>,
    /// The write's name.
    pub(crate) name: Uuid,
    /// How the transaction begins, where it has not begun.
    pub(crate) opening: Option<Opening<'a>>,
}

/// Begins the transaction and takes the lock of the checkpoint's row, on what is known of it.
pub(crate) struct Opening<'a> {
    pub(crate) edition: &'a Edition,
    pub(crate) epoch: u64,
    /// The name of the write before it: what has been sent may come after others, when it has long been given up.
    pub(crate) last: Uuid,
}

/// The statements of one table, ready to be sent.
struct Ready<'a> {
    upsert: Statement,
    delete: Statement,
    puts: Vec<Lists<'a>>,
    gone: Vec<Uuid>,
}

/// Keys of one table that are parked no more.
struct Freed<'a> {
    view: &'a str,
    ids: Vec<Uuid>,
}

impl<'a> Write<'a> {
    /// Sends everything and the commit, one behind the other without waiting: in one round trip, once the statements are
    /// prepared. Nothing is committed of what cannot be sent whole.
    pub(crate) async fn commit(self) -> Result<(), Failure> {
        let connection = self.connection;
        let mut ready = Vec::with_capacity(self.changes.tables.len());
        for table in &self.changes.tables {
            ready.push(self.ready(table).await?);
        }
        let freed = self.freed()?;
        let (parking, freeing) = (connection.statement(PARK).await?, connection.statement(UNPARK).await?);
        let setting = connection.statement(SET).await?;
        let mut all: Vec<Later<'_, Result<(), Failure>>> = Vec::new();
        if let Some(opening) = &self.opening {
            let locking = connection.statement(LOCK_AS_KNOWN).await?;
            all.push(Box::pin(async move { Ok(connection.run("BEGIN").await?) }));
            all.push(Box::pin(self.lock(opening, locking)));
        }
        for table in &ready {
            for puts in &table.puts {
                all.push(Box::pin(send(connection, &table.upsert, puts)));
            }
            if !table.gone.is_empty() {
                all.push(Box::pin(delete(connection, &table.delete, &table.gone)));
            }
        }
        for freed in &freed {
            all.push(Box::pin(unpark(connection, &freeing, self.made.id, freed.view, &freed.ids)));
        }
        for parked in &self.batch.park {
            let view = &*self.made.at(parked.table)?.spec.name;
            all.push(Box::pin(park(connection, &parking, self.made.id, view, parked)));
        }
        let (of, checkpoint) = ((self.made.id, self.made.load), &self.batch.checkpoint);
        all.push(Box::pin(set_checkpoint(connection, &setting, of, checkpoint, self.name)));
        all.push(Box::pin(async move { Ok(connection.run("COMMIT").await?) }));
        in_order(all).await
    }

    async fn lock(&self, opening: &Opening<'_>, locking: Statement) -> Result<(), Failure> {
        let number = i64::from(opening.edition.number);
        let epoch = to_sql(opening.epoch);
        let values: Values<'_> =
            &[&opening.edition.name, &number, &self.made.id, &self.made.load, &epoch, &opening.last];
        self.connection.query_prepared(&locking, values).await?;
        Ok(())
    }

    async fn ready(&self, table: &TableChanges<'a>) -> Result<Ready<'a>, Failure> {
        let sql = self.made.at(table.place)?;
        let mut puts = Vec::with_capacity(table.changes.len());
        let mut gone = Vec::new();
        for (id, change) in &table.changes {
            match change {
                RowChange::Put(row) => puts.push((*id, row)),
                RowChange::Delete(_) => gone.push(*id),
            }
        }
        Ok(Ready {
            upsert: self.connection.statement(&sql.upsert).await?,
            delete: self.connection.statement(&sql.delete).await?,
            puts: puts.chunks(AT_ONCE).map(|rows| Lists::of(sql, rows)).collect(),
            gone,
        })
    }

    fn freed(&self) -> Result<Vec<Freed<'a>>, RowError> {
        let mut freed: Vec<Freed<'a>> = Vec::new();
        for (place, key) in &self.batch.unpark {
            let view = &*self.made.at(*place)?.spec.name;
            match freed.iter_mut().find(|freed| freed.view == view) {
                Some(freed) => freed.ids.push(row_id(key)),
                None => freed.push(Freed { view, ids: vec![row_id(key)] }),
            }
        }
        Ok(freed)
    }
}

async fn send(connection: &Connection, upsert: &Statement, puts: &Lists<'_>) -> Result<(), Failure> {
    connection.send(upsert, &puts.values()).await?;
    Ok(())
}

async fn delete(connection: &Connection, delete: &Statement, gone: &Vec<Uuid>) -> Result<(), Failure> {
    connection.send(delete, &[gone]).await?;
    Ok(())
}

/// Sends these in their order, and waits for all answers. Where one cannot be sent, none behind it is.
async fn in_order(mut all: Vec<Later<'_, Result<(), Failure>>>) -> Result<(), Failure> {
    let mut done = vec![false; all.len()];
    std::future::poll_fn(|context| {
        for (done, future) in done.iter_mut().zip(&mut all) {
            if *done {
                continue;
            }
            // A statement is sent when it is first polled.
            match future.as_mut().poll(context) {
                Poll::Ready(Ok(())) => *done = true,
                Poll::Ready(Err(failure)) => return Poll::Ready(Err(failure)),
                Poll::Pending => {}
            }
        }
        if done.iter().all(|done| *done) { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await
}
