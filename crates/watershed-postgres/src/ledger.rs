//! What operators have decided, in a table.

use std::fmt;
use std::sync::Arc;

use watershed_core::ports::{Clock, Later, Ledger, RowError, SystemClock};

use crate::connection::Connection;
use crate::error::OpenError;
use crate::migrate::{LEDGER, bring_up};
use crate::options::Options;
use crate::rows::{Failure, Pool};

const GET: &str = include_str!("sql/ledger_get.sql");
const PUT: &str = include_str!("sql/ledger_put.sql");

/// The ledger in a schema of a PostgreSQL database.
pub struct PostgresLedger(Arc<Pool>);

impl fmt::Debug for PostgresLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresLedger({})", self.0.options().schema)
    }
}

impl PostgresLedger {
    /// The ledger in that schema, which is made where it is not there.
    ///
    /// # Errors
    /// Where the server cannot be reached, or the table cannot be made.
    pub async fn open(mut options: Options) -> Result<Self, OpenError> {
        let connection = Connection::open(&options).await?;
        bring_up(&connection, &options, &[LEDGER]).await?;
        // Operators decide now and then.
        options.readers = 1;
        Ok(Self(Arc::new(Pool::new(&options))))
    }
}

impl Ledger for PostgresLedger {
    fn read<'a>(&'a self, name: &'a str) -> Later<'a, Result<Option<String>, RowError>> {
        Box::pin(async move {
            let found = self.0.query(GET, &[&name.as_bytes()]).await?;
            let Some(row) = found.first() else { return Ok(None) };
            let document: Vec<u8> = row.try_get(0).map_err(Failure::from)?;
            let text = String::from_utf8(document);
            text.map(Some).map_err(|_| RowError::Damaged(format!("the document `{name}` is no text")))
        })
    }

    fn write<'a>(&'a self, name: &'a str, document: &'a str) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            // To write it once more, where the answer was lost, does no harm.
            let now = SystemClock.now().as_micros();
            self.0.query(PUT, &[&name.as_bytes(), &document.as_bytes(), &now]).await?;
            Ok(())
        })
    }
}
