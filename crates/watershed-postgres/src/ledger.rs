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
const ADD: &str = include_str!("sql/ledger_add.sql");
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

    fn write<'a>(
        &'a self,
        name: &'a str,
        before: Option<&'a str>,
        document: &'a str,
    ) -> Later<'a, Result<bool, RowError>> {
        Box::pin(async move {
            // To write it once more, where the answer was lost, does no harm: it is found to be there.
            let (name, document, now) = (name.as_bytes(), document.as_bytes(), SystemClock.now().as_micros());
            let written = match before {
                None => self.0.query(ADD, &[&name, &document, &now]).await?,
                Some(before) => self.0.query(PUT, &[&name, &document, &now, &before.as_bytes()]).await?,
            };
            Ok(!written.is_empty())
        })
    }
}
