//! A connection with its prepared statements: how the server is reached, and what it must be.

mod asks;
mod demands;
mod limit;
mod password;
mod settings;
mod split;
mod tail;
mod tls;

use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, CopyInSink, Error, Row, Statement};

pub(crate) use self::asks::Asks;
pub(crate) use self::demands::Backend;
use self::demands::Role;
use self::limit::Limit;
pub(crate) use self::settings::Settings;
pub(crate) use self::tail::Tail;
use crate::error::OpenError;
use crate::options::Options;

/// The values of a statement.
pub(crate) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Every statement looks things up by an index. On a young table, whose statistics say nothing, the planner thinks otherwise; and a
/// plan that is made anew for each group costs more than the group. With other ways switched off, plans look so dear that they
/// would be compiled, for tenths of a second.
pub(crate) const PLANS: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

/// A connection. Statements of several callers are sent one behind the other, without waiting for answers.
pub(crate) struct Connection {
    client: Client,
    limit: Limit,
    backend: Backend,
    told: watch::Receiver<u64>,
    prepared: Mutex<HashMap<Box<str>, Statement>>,
}

/// So many statements a connection remembers: those of rows are made from what callers ask.
const PREPARED: usize = 1_000;

impl Connection {
    /// Connects, with durable commits and the schema's tables in sight.
    pub(crate) async fn open(options: &Options) -> Result<Self, OpenError> {
        Self::open_to(options, Role::Primary).await
    }

    /// Connects to a server that only answers questions.
    pub(crate) async fn open_standby(options: &Options) -> Result<Self, OpenError> {
        Self::open_to(options, Role::Standby).await
    }

    async fn open_to(options: &Options, role: Role) -> Result<Self, OpenError> {
        let settings = Settings::read(&options.server)?;
        let connected = settings.connect().await;
        let link = connected.map_err(|error| error.on_the_way_to(|| options.place()))?;
        demands::check_version(&link.version)?;
        let limit = Limit::new(link.driver, options);
        let (schema, patience) = (quoted(&options.schema), options.patience.as_millis());
        let statement = options.statement.as_millis();
        let plans = PLANS.map(|(name, value)| format!("SET {name} = {value}")).join("; ");
        let setup = format!(
            "SET search_path TO {schema}; SET default_transaction_isolation = 'read committed';
             SET lock_timeout = {patience}; SET statement_timeout = {statement};
             SET idle_in_transaction_session_timeout = {patience}; {plans}; {}",
            demands::FACTS
        );
        let answered = limit.within(link.client.simple_query(&setup)).await?;
        let backend = demands::check(&answered, options, role)?;
        let opened =
            Self { client: link.client, limit, backend, told: link.told, prepared: Mutex::default() };
        if let (Role::Primary, Some(tail)) = (role, &options.tail) {
            tail.check(&opened).await?;
        }
        Ok(opened)
    }

    /// The largest number that notifications over this connection have brought; noted with each of them.
    pub(crate) fn told(&self) -> watch::Receiver<u64> {
        self.told.clone()
    }

    /// Who serves it.
    pub(crate) fn backend(&self) -> &Backend {
        &self.backend
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The statement, prepared at its first use.
    pub(crate) async fn statement(&self, sql: &str) -> Result<Statement, Error> {
        let known = self.prepared.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.limit.within(self.client.prepare(sql)).await?;
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if prepared.len() >= PREPARED {
            prepared.clear();
        }
        prepared.insert(sql.into(), statement.clone());
        Ok(statement)
    }

    /// Prepares statements that are then sent without waiting.
    pub(crate) async fn prepare(&self, all: &[&str]) -> Result<(), Error> {
        for sql in all {
            self.statement(sql).await?;
        }
        Ok(())
    }

    pub(crate) async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Error> {
        let statement = self.statement(sql).await?;
        self.limit.within(self.client.query(&statement, values)).await
    }

    pub(crate) async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64, Error> {
        let statement = self.statement(sql).await?;
        self.limit.within(self.client.execute(&statement, values)).await
    }

    /// Asks by a statement that is prepared: sent when this is first polled, and not later.
    pub(crate) async fn query_prepared(
        &self,
        statement: &Statement,
        values: Values<'_>,
    ) -> Result<Vec<Row>, Error> {
        self.limit.within(self.client.query(statement, values)).await
    }

    /// Executes a statement that is prepared: sent when this is first polled, and not later.
    pub(crate) async fn send(&self, statement: &Statement, values: Values<'_>) -> Result<u64, Error> {
        self.limit.within(self.client.execute(statement, values)).await
    }

    /// Begins a `COPY .. FROM STDIN`.
    pub(crate) async fn copy_in(&self, sql: &str) -> Result<CopyInSink<Bytes>, Error> {
        let statement = self.statement(sql).await?;
        self.limit.within(self.client.copy_in(&statement)).await
    }

    /// A statement over the user's own tables, whose values are texts: sent when this is first polled, and planned each time.
    pub(crate) async fn ask(&self, sql: &str, texts: &[Option<String>]) -> Result<Vec<Row>, Error> {
        let texts: Vec<_> = texts.iter().map(|text| (text as &(dyn ToSql + Sync), Type::TEXT)).collect();
        self.limit.within(self.client.query_typed(sql, &texts)).await
    }

    /// Statements without values.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), Error> {
        self.limit.within(self.client.batch_execute(sql)).await
    }
}

/// A name as SQL has it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
