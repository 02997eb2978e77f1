//! Readers' questions, answered from one snapshot.

use rusqlite::{Connection, OptionalExtension, params};
use watershed_core::ports::{RowError, RowsFound};
use watershed_core::{Ask, Key, Tenant};

use super::super::failure::failure;
use super::super::statements::{LOOK_UP_HEAD, TableSql};
use super::Tables;
use super::page::page;
use super::read::{Snapshot, instant, unsigned};

const PAGE_HEAD: &str = include_str!("../sql/page_head.sql");

impl Tables {
    /// Answers a question for one row or a page: shown rows, and the checkpoint that they are as of.
    pub(crate) fn ask(
        &self,
        connection: &Connection,
        tenant: &Tenant,
        ask: &Ask,
    ) -> Result<RowsFound, RowError> {
        let table = self.named(ask.view)?;
        match &ask.key {
            Some(key) => self.look_up(connection, table, tenant, key),
            None => self.page(connection, table, tenant, ask),
        }
    }

    fn look_up(
        &self,
        connection: &Connection,
        table: &TableSql,
        tenant: &Tenant,
        key: &Key,
    ) -> Result<RowsFound, RowError> {
        let (name, version, layout) = self.edition();
        let look = || -> rusqlite::Result<RowsFound> {
            let mut statement = connection.prepare_cached(&table.look_up)?;
            let mut found = statement.query(params![
                tenant.as_str(),
                key.as_str(),
                table.spec.name,
                name,
                version,
                layout
            ])?;
            let Some(row) = found.next()? else {
                return Ok(RowsFound::default());
            };
            let is_there = row.get_ref(LOOK_UP_HEAD)? != rusqlite::types::ValueRef::Null;
            Ok(RowsFound {
                rows: if is_there {
                    vec![table.stored(row, LOOK_UP_HEAD, tenant.clone(), Some(key.clone()))?]
                } else {
                    Vec::new()
                },
                next: None,
                position: unsigned(row, 0)?,
                event_time: instant(row, 1)?,
                parked: unsigned(row, 2)?,
            })
        };
        look().or_else(|error| {
            // Tables of another version may lack a column: they answer nothing.
            let checkpoint = self.made(connection)?;
            match checkpoint {
                Some(made) if !self.is_mine(&made) => Ok(RowsFound::default()),
                _ => Err(failure(error)),
            }
        })
    }

    fn page(
        &self,
        connection: &Connection,
        table: &TableSql,
        tenant: &Tenant,
        ask: &Ask,
    ) -> Result<RowsFound, RowError> {
        let _snapshot = Snapshot::of(connection)?;
        let (name, version, layout) = self.edition();
        let head = connection
            .prepare_cached(PAGE_HEAD)
            .and_then(|mut statement| {
                statement
                    .query_row(params![name, version, layout, table.spec.name, tenant.as_str()], |row| {
                        Ok(RowsFound {
                            position: unsigned(row, 0)?,
                            event_time: instant(row, 1)?,
                            parked: unsigned(row, 2)?,
                            ..RowsFound::default()
                        })
                    })
                    .optional()
            })
            .map_err(failure)?;
        let Some(mut found) = head else {
            return Ok(RowsFound::default());
        };
        (found.rows, found.next) = page(connection, &table.rows_from(), tenant, ask, |row| {
            table.stored(row, 0, tenant.clone(), None)
        })?;
        Ok(found)
    }
}
