//! A context's own tables: steps of SQL, each run once.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use watershed_core::ports::{SchemaStep, StateError};

use super::names::RESERVED;

/// The steps in the order of their numbers.
pub(super) fn in_order(steps: &[SchemaStep]) -> Result<Vec<&SchemaStep>, StateError> {
    let mut steps: Vec<&SchemaStep> = steps.iter().collect();
    steps.sort_by_key(|step| step.number);
    match steps.windows(2).find(|pair| pair[0].number == pair[1].number) {
        Some(pair) => Err(StateError::Unfit(format!("two steps bear the number {}", pair[0].number))),
        None => Ok(steps),
    }
}

/// Runs the step, where it has not been run for that context.
pub(super) fn make(
    connection: &mut Connection,
    owner: &str,
    step: &SchemaStep,
) -> rusqlite::Result<Result<(), StateError>> {
    let unfit =
        |problem: String| Ok(Err(StateError::Unfit(format!("step {} of `{owner}`: {problem}", step.number))));
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let made: Option<String> = transaction
        .query_row(include_str!("sql/select_step.sql"), (owner, step.number), |row| row.get(0))
        .optional()?;
    if let Some(made) = made {
        return match made == step.sqlite {
            true => Ok(Ok(())),
            false => unfit(
                "it is not what it was when it was run: leave it as it was, and write another step"
                    .to_owned(),
            ),
        };
    }
    let before = reserved(&transaction)?;
    if let Err(error) = transaction.execute_batch(step.sqlite) {
        return unfit(error.to_string());
    }
    if transaction.is_autocommit() {
        return unfit("it ends the transaction that it is run in".to_owned());
    }
    if reserved(&transaction)? != before {
        return unfit("it changes a table that the log needs itself".to_owned());
    }
    transaction.execute(include_str!("sql/insert_step.sql"), (owner, step.number, step.sqlite))?;
    transaction.commit()?;
    Ok(Ok(()))
}

/// What the log's own tables look like, as one text.
fn reserved(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let names = serde_json::to_string(RESERVED).unwrap_or_default();
    connection.query_row(include_str!("sql/select_reserved.sql"), [names], |row| row.get(0))
}
