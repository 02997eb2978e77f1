//! What SQLite makes of what is put into a column: its affinity, by the declared type.

use std::collections::HashMap;

use rusqlite::Connection;
use watershed_core::ColumnKind;

/// A column's affinity (<https://sqlite.org/datatype3.html#determination_of_column_affinity>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    Integer,
    Text,
    /// Content is kept as it comes.
    Blob,
    Real,
    Numeric,
}

impl Affinity {
    pub(super) fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let says = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if says(&["INT"]) {
            Self::Integer
        } else if says(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if declared.is_empty() || says(&["BLOB"]) {
            Self::Blob
        } else if says(&["REAL", "FLOA", "DOUB"]) {
            Self::Real
        } else {
            Self::Numeric
        }
    }

    /// Whether what is put in comes out again as it was; otherwise what to declare instead.
    pub(super) fn keeps(self, kind: ColumnKind) -> Result<(), &'static str> {
        use Affinity::{Blob, Integer, Numeric, Real, Text};
        let (fit, instead): (&[Self], _) = match kind {
            ColumnKind::Bool | ColumnKind::Int => (&[Integer, Numeric, Blob], "INTEGER"),
            ColumnKind::Real => (&[Real, Numeric, Blob], "REAL"),
            ColumnKind::Decimal => (&[Text, Blob], "TEXT: SQLite would keep it as a floating-point number"),
            ColumnKind::Text | ColumnKind::Json => (&[Text, Blob], "TEXT"),
            ColumnKind::Timestamp => (&[Integer, Numeric, Blob, Text], "INTEGER or TEXT"),
        };
        if fit.contains(&self) { Ok(()) } else { Err(instead) }
    }
}

/// The columns of a table, by their names in small letters: what each is declared as. Empty where there is no such table.
pub(super) fn columns_of(
    connection: &Connection,
    table: &str,
) -> rusqlite::Result<HashMap<String, (String, Affinity)>> {
    let mut columns = HashMap::new();
    let mut statement = connection.prepare_cached(include_str!("sql/table_info.sql"))?;
    let mut rows = statement.query([table])?;
    while let Some(row) = rows.next()? {
        let (name, declared): (String, String) = (row.get(0)?, row.get(1)?);
        let affinity = Affinity::of(&declared);
        columns.insert(name.to_ascii_lowercase(), (declared, affinity));
    }
    Ok(columns)
}
