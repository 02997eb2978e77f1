//! A context's own tables: steps of SQL, each run once.

use std::collections::HashMap;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;
use watershed_core::ports::{SchemaStep, StateError};

use super::failed;
use crate::connection::Connection;
use crate::error::in_words;

/// What the log needs itself.
pub(super) const RESERVED: &[&str] =
    &["log_meta", "log_head", "events", "event_tags", "snapshots", "migrations", "state_steps"];

/// One process makes tables at a time.
pub(super) const LOCK: i64 = 0x7761_7465_7274_6162;

/// Runs those of the steps that have not been run for `owner`, and says which.
pub(super) async fn make(
    connection: &Connection,
    owner: &str,
    steps: &[SchemaStep],
) -> Result<Vec<u32>, StateError> {
    // What has been run needs no right to make anything.
    let missing = missing(connection, owner, steps).await.map_err(|error| failed(&error))??;
    let mut made = Vec::with_capacity(missing.len());
    for step in missing {
        let done = one(connection, owner, step).await;
        let end = if matches!(done, Ok(Ok(_))) { "COMMIT" } else { "ROLLBACK" };
        let ended = connection.run(end).await;
        let done =
            done.map_err(|error| not_allowed(owner, step, &error).unwrap_or_else(|| failed(&error)))?;
        let is_new = done.map_err(|problem| wrong(owner, step, &problem))?;
        ended.map_err(|error| failed(&error))?;
        made.extend(is_new.then_some(step.number));
    }
    Ok(made)
}

/// Those of the steps that have not been run for `owner`, in their order; within, what is wrong with them. Nothing is locked or made,
/// so that whoever may only look can find that all is well.
pub(super) async fn missing<'a>(
    connection: &Connection,
    owner: &str,
    steps: &'a [SchemaStep],
) -> Result<Result<Vec<&'a SchemaStep>, StateError>, Error> {
    let is_there = connection.query("SELECT to_regclass('state_steps') IS NOT NULL", &[]).await?;
    let mut known = HashMap::new();
    if is_there.first().is_some_and(|row| row.get(0)) {
        let rows =
            connection.query("SELECT number, sql FROM state_steps WHERE owner = $1", &[&owner]).await?;
        known = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    }
    Ok(pending(owner, steps, &known))
}

/// Those of the steps that are not among the known ones, in their order.
pub(super) fn pending<'a>(
    owner: &str,
    steps: &'a [SchemaStep],
    known: &HashMap<i32, String>,
) -> Result<Vec<&'a SchemaStep>, StateError> {
    let mut steps: Vec<&SchemaStep> = steps.iter().collect();
    steps.sort_by_key(|step| step.number);
    if let Some(pair) = steps.windows(2).find(|pair| pair[0].number == pair[1].number) {
        return Err(StateError::Unfit(format!("two steps bear the number {}", pair[0].number)));
    }
    let is_known = |step: &&SchemaStep| known.get(&number(step)).map(|sql| *sql == step.postgres);
    match steps.iter().find(|step| is_known(step) == Some(false)) {
        Some(changed) => Err(wrong(owner, changed, CHANGED)),
        None => Ok(steps.into_iter().filter(|step| is_known(step).is_none()).collect()),
    }
}

const CHANGED: &str = "it is not what it was when it was run: leave it as it was, and write another step";

fn number(step: &SchemaStep) -> i32 {
    i32::try_from(step.number).unwrap_or(i32::MAX)
}

fn wrong(owner: &str, step: &SchemaStep, problem: &str) -> StateError {
    StateError::Unfit(format!("step {} of `{owner}`: {problem}", step.number))
}

/// What to do where this user may not make tables.
fn not_allowed(owner: &str, step: &SchemaStep, error: &Error) -> Option<StateError> {
    (error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE)).then(|| {
        let problem = format!(
            "{}. Have somebody who may run what `watershed store migrate --print` prints",
            in_words(error)
        );
        wrong(owner, step, &problem)
    })
}

/// The step, in a transaction that is ended by the caller: whether it was not there yet; within, what is wrong with it.
async fn one(connection: &Connection, owner: &str, step: &SchemaStep) -> Result<Result<bool, String>, Error> {
    connection.run(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK})")).await?;
    connection.run(include_str!("sql/create_steps.sql")).await?;
    let number = number(step);
    // Another process may have run it meanwhile.
    let known = "SELECT sql FROM state_steps WHERE owner = $1 AND number = $2";
    if let Some(row) = connection.query(known, &[&owner, &number]).await?.first() {
        return Ok(match row.get::<_, &str>(0) == step.postgres {
            true => Ok(false),
            false => Err(CHANGED.to_owned()),
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
    Ok(Ok(true))
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
