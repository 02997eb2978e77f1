//! A context's own tables: steps of SQL, each run once.

use tokio_postgres::Error;
use watershed_core::ports::{SchemaStep, StateError};

use super::failed;
use crate::connection::Connection;
use crate::error::in_words;

/// What the log needs itself.
pub(super) const RESERVED: &[&str] =
    &["log_meta", "log_head", "events", "event_tags", "snapshots", "migrations", "state_steps"];

/// One process makes tables at a time.
const LOCK: i64 = 0x7761_7465_7274_6162;

/// Runs those of the steps that have not been run for `owner`.
pub(super) async fn make(
    connection: &Connection,
    owner: &str,
    steps: &[SchemaStep],
) -> Result<(), StateError> {
    let mut steps: Vec<&SchemaStep> = steps.iter().collect();
    steps.sort_by_key(|step| step.number);
    if let Some(pair) = steps.windows(2).find(|pair| pair[0].number == pair[1].number) {
        return Err(StateError::Unfit(format!("two steps bear the number {}", pair[0].number)));
    }
    for step in steps {
        let made = one(connection, owner, step).await;
        let end = if matches!(made, Ok(Ok(()))) { "COMMIT" } else { "ROLLBACK" };
        let ended = connection.run(end).await;
        made.map_err(|error| failed(&error))?
            .map_err(|problem| StateError::Unfit(format!("step {} of `{owner}`: {problem}", step.number)))?;
        ended.map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// The step, in a transaction that is ended by the caller; within, what is wrong with it.
async fn one(connection: &Connection, owner: &str, step: &SchemaStep) -> Result<Result<(), String>, Error> {
    connection.run(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK})")).await?;
    connection.run(include_str!("sql/create_steps.sql")).await?;
    let number = i32::try_from(step.number).unwrap_or(i32::MAX);
    let known = "SELECT sql FROM state_steps WHERE owner = $1 AND number = $2";
    if let Some(row) = connection.query(known, &[&owner, &number]).await?.first() {
        return Ok(match row.get::<_, &str>(0) == step.postgres {
            true => Ok(()),
            false => Err("it is not what it was when it was run: leave it as it was, and write another step"
                .to_owned()),
        });
    }
    let before = (transaction(connection).await?, reserved(connection).await?);
    if let Err(error) = connection.run(step.postgres).await {
        if error.as_db_error().is_none() {
            return Err(error);
        }
        return Ok(Err(in_words(&error)));
    }
    if transaction(connection).await? != before.0 {
        return Ok(Err("it ends the transaction that it is run in".to_owned()));
    }
    if reserved(connection).await? != before.1 {
        return Ok(Err("it changes a table that the log needs itself".to_owned()));
    }
    let record = "INSERT INTO state_steps (owner, number, sql) VALUES ($1, $2, $3)";
    connection.execute(record, &[&owner, &number, &step.postgres]).await?;
    Ok(Ok(()))
}

async fn transaction(connection: &Connection) -> Result<String, Error> {
    let rows = connection.ask("SELECT txid_current()::text", &[]).await?;
    Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
}

/// What the log's own tables look like, as one text.
async fn reserved(connection: &Connection) -> Result<Option<String>, Error> {
    let names = RESERVED.join(",");
    let rows = connection.ask(include_str!("sql/reserved.sql"), &[Some(names)]).await?;
    Ok(rows.first().and_then(|row| row.get(0)))
}
