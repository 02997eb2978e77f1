//! A connection with its prepared statements.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, CopyInSink, Error, NoTls, Row, Statement};

use crate::options::Options;

/// The values of a statement.
pub(crate) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Every statement looks things up by an index. On a young table, whose statistics say nothing, the planner thinks otherwise; and a
/// plan that is made anew for each group costs more than the group. With other ways switched off, plans look so dear that they
/// would be compiled, for tenths of a second.
const PLANS: &str =
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;
    SET enable_mergejoin = off; SET jit = off";

/// A connection. Statements of several callers are sent one behind the other, without waiting for answers.
pub(crate) struct Connection {
    client: Client,
    prepared: Mutex<HashMap<&'static str, Statement>>,
}

impl Connection {
    /// Connects, with durable commits and the schema's tables in sight.
    pub(crate) async fn open(options: &Options) -> Result<Self, Error> {
        let (client, driver) = tokio_postgres::connect(&options.server, NoTls).await?;
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(error = crate::error::in_words(&error), "a connection has ended");
            }
        });
        let (schema, patience) = (quoted(&options.schema), options.patience.as_millis());
        client
            .batch_execute(&format!(
                "SET search_path TO {schema}; SET synchronous_commit = on; SET lock_timeout = {patience};
                 SET idle_in_transaction_session_timeout = {patience}; {PLANS}"
            ))
            .await?;
        Ok(Self { client, prepared: Mutex::default() })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The statement, prepared at its first use.
    pub(crate) async fn statement(&self, sql: &'static str) -> Result<Statement, Error> {
        let known = self.prepared.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).insert(sql, statement.clone());
        Ok(statement)
    }

    /// Prepares statements that are then sent without waiting.
    pub(crate) async fn prepare(&self, all: &[&'static str]) -> Result<(), Error> {
        for sql in all {
            self.statement(sql).await?;
        }
        Ok(())
    }

    pub(crate) async fn query(&self, sql: &'static str, values: Values<'_>) -> Result<Vec<Row>, Error> {
        let statement = self.statement(sql).await?;
        self.client.query(&statement, values).await
    }

    pub(crate) async fn execute(&self, sql: &'static str, values: Values<'_>) -> Result<u64, Error> {
        let statement = self.statement(sql).await?;
        self.client.execute(&statement, values).await
    }

    /// Begins a `COPY .. FROM STDIN`.
    pub(crate) async fn copy_in(&self, sql: &'static str) -> Result<CopyInSink<Bytes>, Error> {
        let statement = self.statement(sql).await?;
        self.client.copy_in(&statement).await
    }

    /// A statement over the user's own tables, whose values are texts. It is planned each time.
    pub(crate) async fn ask(&self, sql: &str, texts: &[Option<String>]) -> Result<Vec<Row>, Error> {
        let texts: Vec<_> = texts.iter().map(|text| (text as &(dyn ToSql + Sync), Type::TEXT)).collect();
        self.client.query_typed(sql, &texts).await
    }

    /// Statements without values.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql).await
    }
}

/// A name as SQL has it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
