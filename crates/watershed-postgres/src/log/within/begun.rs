//! What a user's transaction is, and whether something can be appended within it.

use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, Transaction};
use uuid::Uuid;
use watershed_core::LogIdentity;

use super::{Within, WithinError};

/// The transaction before an append.
pub(super) struct Before {
    /// Who serves the connection.
    pub(super) process: i32,
    /// How the session was set, in the order of [`Within::settings`].
    pub(super) settings: Vec<String>,
}

impl Before {
    /// Asks what the transaction is. Sent when it is first polled.
    pub(super) async fn ask(
        transaction: &Transaction<'_>,
        within: &Within,
        log: LogIdentity,
    ) -> Result<Self, WithinError> {
        let values: [(&(dyn ToSql + Sync), Type); 2] =
            [(&within.settings, Type::TEXT_ARRAY), (&within.hold, Type::TEXT)];
        let asked = transaction.query_typed(&within.begin, &values).await;
        let rows = asked.map_err(|error| unknown(within, error))?;
        match rows.first() {
            Some(row) => Self::of(row, within, log),
            None => Err(elsewhere(within)),
        }
    }

    fn of(row: &Row, within: &Within, log: LogIdentity) -> Result<Self, WithinError> {
        let isolation: String = row.try_get(0)?;
        // READ UNCOMMITTED is READ COMMITTED by another name.
        if !isolation.starts_with("read ") {
            return Err(WithinError::Isolation(isolation.to_uppercase()));
        }
        if row.try_get(1)? {
            return Err(WithinError::ReadOnly);
        }
        match row.try_get::<_, Option<Uuid>>(2)? {
            Some(found) if found == log.id => {}
            Some(found) => {
                return Err(WithinError::OtherDatabase(format!(
                    "the transaction is on a database with the log {found}, and this one is {}",
                    log.id
                )));
            }
            None => return Err(elsewhere(within)),
        }
        Ok(Self { process: row.try_get(3)?, settings: row.try_get(4)? })
    }
}

/// Where there is no such table, or nothing in it.
fn elsewhere(within: &Within) -> WithinError {
    WithinError::OtherDatabase(format!(
        "the transaction is on a database without a log in the schema `{}`",
        within.schema
    ))
}

fn unknown(within: &Within, error: Error) -> WithinError {
    match error.code() {
        Some(&SqlState::UNDEFINED_TABLE | &SqlState::INVALID_SCHEMA_NAME) => elsewhere(within),
        _ => error.into(),
    }
}
