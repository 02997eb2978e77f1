//! The user's columns: of which type each is, and what stands for its contents on the way. Contents travel as texts, which the
//! database makes into whatever the column is, and back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_postgres::Error;
use watershed_core::{ColumnKind, Value};

use crate::connection::{Connection, quoted};

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// What a text is cast to for it.
    pub(crate) cast: String,
    /// Its type's name, or its domain's base type's.
    name: String,
    is_enum: bool,
}

/// The columns of a table, by name. Empty where there is no such table.
pub(crate) type Columns = HashMap<String, Column>;

/// The columns of the tables that have been looked at.
#[derive(Default)]
pub(crate) struct Known(Mutex<HashMap<&'static str, Arc<Columns>>>);

impl Known {
    /// The table's columns.
    pub(crate) async fn of(
        &self,
        connection: &Connection,
        table: &'static str,
    ) -> Result<Arc<Columns>, Error> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(table).cloned();
        match known {
            Some(known) => Ok(known),
            None => self.look(connection, table).await,
        }
    }

    /// The table's columns as they are now.
    pub(crate) async fn look(
        &self,
        connection: &Connection,
        table: &'static str,
    ) -> Result<Arc<Columns>, Error> {
        let rows = connection.ask(include_str!("sql/columns.sql"), &[Some(table_name(table))]).await?;
        let columns: Columns = rows
            .iter()
            .map(|row| {
                let column =
                    Column { cast: row.get(1), name: row.get(2), is_enum: row.get::<_, &str>(3) == "e" };
                (row.get(0), column)
            })
            .collect();
        let columns = Arc::new(columns);
        if !columns.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(table, columns.clone());
        }
        Ok(columns)
    }
}

/// `schema.table`, or a table, as SQL has it.
pub(crate) fn table_name(name: &str) -> String {
    match name.split_once('.') {
        Some((schema, table)) => format!("{}.{}", quoted(schema), quoted(table)),
        None => quoted(name),
    }
}

impl Column {
    /// What is taken for a column that is not there: the database says so.
    pub(crate) fn text() -> Self {
        Self { cast: "text".to_owned(), name: "text".to_owned(), is_enum: false }
    }

    /// Whether what is put in comes out again as it was; otherwise what to declare instead.
    pub(crate) fn keeps(&self, kind: ColumnKind) -> Result<(), &'static str> {
        let (fit, instead): (&[&str], _) = match kind {
            ColumnKind::Bool => (&["bool"], "boolean"),
            ColumnKind::Int => (&["int8", "int4", "int2", "numeric"], "bigint"),
            ColumnKind::Real => (&["float8"], "double precision"),
            ColumnKind::Decimal => (&["numeric", "text", "varchar"], "numeric"),
            ColumnKind::Text => (&["text", "varchar", "bpchar", "uuid", "date", "citext", "name"], "text"),
            ColumnKind::Timestamp => (&["timestamptz", "timestamp", "int8", "text"], "timestamptz"),
            ColumnKind::Json => (&["jsonb", "json", "text"], "jsonb"),
        };
        let fits = fit.contains(&self.name.as_str()) || (kind == ColumnKind::Text && self.is_enum);
        if fits { Ok(()) } else { Err(instead) }
    }

    /// `$3::text::numeric`: the parameter of that number, as the column keeps it.
    pub(crate) fn given(&self, number: usize) -> String {
        format!("${number}::text::{}", self.cast)
    }

    /// The column as a text that is the same whatever the session's settings are.
    pub(crate) fn read(&self, name: &str) -> String {
        let name = quoted(name);
        match self.name.as_str() {
            "timestamptz" | "timestamp" => format!("trunc(extract(epoch FROM {name}) * 1000000)::text"),
            "date" => format!("to_char({name}, 'YYYY-MM-DD')"),
            _ => format!("{name}::text"),
        }
    }

    /// The text that stands for a value.
    pub(crate) fn write(&self, value: &Value) -> Option<String> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Real(value) => value.to_string(),
            Value::Decimal(value) => value.to_string(),
            Value::Timestamp(instant) if self.name == "int8" => instant.as_micros().to_string(),
            Value::Timestamp(instant) => instant.to_string(),
            Value::Text(text) | Value::Json(text) => text.to_string(),
        })
    }

    /// What a text that was read stands for. Content of another kind is given as it is: the state then says what is wrong with it.
    pub(crate) fn value(&self, kind: ColumnKind, text: Option<&str>) -> Value {
        let Some(text) = text else { return Value::Null };
        let read = match kind {
            ColumnKind::Bool => text.parse().ok().map(Value::Bool),
            ColumnKind::Int => text.parse().ok().map(Value::Int),
            ColumnKind::Real => text.parse().ok().map(Value::Real),
            ColumnKind::Decimal => text.parse().ok().map(Value::Decimal),
            ColumnKind::Text => None,
            ColumnKind::Timestamp if self.name == "text" => text.parse().ok().map(Value::Timestamp),
            ColumnKind::Timestamp => micros(text).map(Value::Timestamp),
            ColumnKind::Json => Some(Value::Json(text.into())),
        };
        read.unwrap_or_else(|| Value::Text(text.into()))
    }
}

fn micros(text: &str) -> Option<watershed_core::Timestamp> {
    // A numeric may bear decimals, which have been cut to zeros.
    let whole = text.split('.').next()?;
    whole.parse().ok().map(watershed_core::Timestamp::from_micros)
}
