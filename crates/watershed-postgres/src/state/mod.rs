//! State in tables of the user's own, in the log's database: made, checked and read here; written by [`crate::log`]'s saver.

mod columns;
mod make;
mod read;
mod script;
mod sql;
mod write;

pub(crate) use columns::Known;
pub use script::OwnTables;
pub(crate) use sql::Statement;
pub(crate) use write::{Refusal, Row, refusal, statements};

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_postgres::Error;
use watershed_core::Tenant;
use watershed_core::ports::{Later, LoadedRows, SchemaStep, StateError, StateSchema, StateTables, WhoseRow};
use watershed_core::write::TablesSpec;

use crate::connection::Connection;
use crate::error::{OpenError, in_words};
use crate::options::Options;

/// How many connections read.
const SEATS: usize = 2;

/// The tables of state, in the log's database.
pub struct PostgresTables {
    options: Options,
    seats: [Mutex<Option<Arc<Connection>>>; SEATS],
    next: std::sync::atomic::AtomicUsize,
    known: Arc<Known>,
}

impl std::fmt::Debug for PostgresTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresTables")
    }
}

impl PostgresTables {
    pub(crate) fn new(options: Options, known: Arc<Known>) -> Self {
        Self { options, seats: Default::default(), next: Default::default(), known }
    }

    async fn connection(&self) -> Result<Arc<Connection>, StateError> {
        let next = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut seat = self.seats[next % SEATS].lock().await;
        if let Some(connection) = seat.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        let opened = Connection::open(&self.options).await.map_err(not_opened)?;
        Ok(seat.insert(Arc::new(opened)).clone())
    }
}

impl StateSchema for PostgresTables {
    fn make<'a>(&'a self, owner: &'a str, steps: &'a [SchemaStep]) -> Later<'a, Result<(), StateError>> {
        Box::pin(async move {
            // One of its own: a step may change the session.
            let connection = Connection::open(&self.options.unhurried()).await.map_err(not_opened)?;
            make::make(&connection, owner, steps).await.map(|_| ())
        })
    }

    fn check<'a>(&'a self, tables: &'a TablesSpec) -> Later<'a, Result<(), StateError>> {
        Box::pin(async move { read::check(&*self.connection().await?, &self.known, tables).await })
    }
}

impl StateTables for PostgresTables {
    fn load<'a>(
        &'a self,
        tables: &'a TablesSpec,
        tenant: &'a Tenant,
        id: &'a str,
    ) -> Later<'a, Result<Option<LoadedRows>, StateError>> {
        Box::pin(async move { read::load(&*self.connection().await?, &self.known, tables, tenant, id).await })
    }

    fn ids<'a>(
        &'a self,
        tables: &'a TablesSpec,
        after: Option<(&'a Tenant, &'a str)>,
        limit: usize,
    ) -> Later<'a, Result<Vec<WhoseRow>, StateError>> {
        Box::pin(async move { read::ids(&*self.connection().await?, tables, after, limit).await })
    }
}

fn failed(error: &Error) -> StateError {
    StateError::Store(in_words(error))
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it")]
fn not_opened(error: OpenError) -> StateError {
    StateError::Store(error.to_string())
}
