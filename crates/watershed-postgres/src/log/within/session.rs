//! The statements of an append, prepared on a user's connection, and sent within their transaction.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::try_join_all;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, Row, Statement, Transaction};

use super::super::{commit, moved};
use super::END;
use crate::connection::{Asks, Values};

/// Of so many connections it is remembered what has been prepared on them.
const CONNECTIONS: usize = 1_000;

type Statements = HashMap<&'static str, Statement>;

/// What has been prepared, by the number of the process that serves the connection. These come again: whether a statement is still
/// there shows when it is used.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<i32, Arc<Statements>>>);

impl Sessions {
    pub(super) fn known(&self, process: i32) -> Option<Arc<Statements>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&process).cloned()
    }

    /// The transaction must be set to see the log's tables.
    pub(super) async fn prepare(
        &self,
        transaction: &Transaction<'_>,
        process: i32,
    ) -> Result<Arc<Statements>, Error> {
        let all = commit::STATEMENTS.iter().chain(moved::STATEMENTS).chain([&END]);
        let prepared = all.map(|sql| async { Ok::<_, Error>((*sql, transaction.prepare(sql).await?)) });
        let statements: Arc<Statements> = Arc::new(try_join_all(prepared).await?.into_iter().collect());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CONNECTIONS {
            known.clear();
        }
        known.insert(process, statements.clone());
        Ok(statements)
    }

    pub(super) fn forget(&self, process: i32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&process);
    }
}

/// Whether a statement is not there any more: somebody has discarded it, or another process serves the connection.
pub(super) fn is_forgotten(error: &Error) -> bool {
    error.code() == Some(&SqlState::INVALID_SQL_STATEMENT_NAME)
}

/// A user's transaction, with what has been prepared on its connection.
pub(super) struct Session<'a> {
    pub(super) transaction: &'a Transaction<'a>,
    pub(super) statements: Arc<Statements>,
}

impl Asks for Session<'_> {
    async fn query(&self, sql: &'static str, values: Values<'_>) -> Result<Vec<Row>, Error> {
        match self.statements.get(sql) {
            Some(statement) => self.transaction.query(statement, values).await,
            None => self.transaction.query(sql, values).await,
        }
    }

    async fn run(&self, sql: &str) -> Result<(), Error> {
        self.transaction.batch_execute(sql).await
    }
}
