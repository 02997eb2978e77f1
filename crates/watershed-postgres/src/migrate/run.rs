use tokio_postgres::error::SqlState;

use super::Part;
use super::script::LOCK;
use super::state::{self, State};
use crate::connection::{Connection, quoted};
use crate::error::OpenError;
use crate::options::Options;

/// Brings the tables of these parts to this program's numbers. Of several processes one does so, and the others wait for it.
pub(crate) async fn bring_up(
    connection: &Connection,
    options: &Options,
    parts: &[Part],
) -> Result<Vec<String>, OpenError> {
    // A node that starts on tables that are as they should be changes nothing, and need not be allowed to.
    let state = state::read(connection, &options.schema).await.map_err(|error| explained(error, options))?;
    state.check(parts)?;
    if state.has(parts) {
        return Ok(Vec::new());
    }
    connection.run(LOCK).await?;
    let done = change(connection, options, parts).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.run(end).await;
    let done = done.map_err(|error| explained(error, options))?;
    ended?;
    Ok(done)
}

async fn change(
    connection: &Connection,
    options: &Options,
    parts: &[Part],
) -> Result<Vec<String>, OpenError> {
    let mut state = state::read(connection, &options.schema).await?;
    state.check(parts)?;
    if !state.is_there {
        make(connection, &options.schema).await?;
        state = State::default();
    }
    let mut done = Vec::new();
    for part in parts {
        for (number, migration) in part.behind(state.number(part)) {
            connection.run(migration.sql).await?;
            let record = include_str!("sql/record.sql");
            connection.execute(record, &[&part.name, &number, &migration.oldest]).await?;
            tracing::info!(part = part.name, number, "the tables have been changed");
            done.push(format!("{} {number}", part.name));
        }
    }
    Ok(done)
}

async fn make(connection: &Connection, schema: &str) -> Result<(), OpenError> {
    // Whoever may not make schemas may still use one that is there: said to be made where it is not there, it would be refused.
    let found = connection.query(include_str!("sql/schema_is_there.sql"), &[&schema]).await?;
    if found.is_empty() {
        connection.run(&format!("CREATE SCHEMA {}", quoted(schema))).await?;
    }
    connection.run(include_str!("../../migrations/migrations.sql")).await?;
    Ok(())
}

/// What to do where the user may not look at the tables, or change them. A schema that it may not use is to it as if it were not
/// there.
fn explained(error: OpenError, options: &Options) -> OpenError {
    const NO_RIGHT: [SqlState; 3] =
        [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::INVALID_SCHEMA_NAME, SqlState::UNDEFINED_TABLE];
    match &error {
        OpenError::Server(said) if said.code().is_some_and(|code| NO_RIGHT.contains(code)) => {
            let schema = &options.schema;
            OpenError::Tables(format!(
                "the tables in the schema `{schema}` are not there, not up to date or closed to this user, who may not make them: \
                 {error}. Have somebody who may run what `watershed store migrate --print` prints"
            ))
        }
        _ => error,
    }
}
