//! The group's rows.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Statement};

use super::Writer;
use super::group::{Group, Staged};
use watershed_store::to_sql;
use watershed_store::{EventRow, Link, checksum, next_link};

/// What the log ends with after a group.
pub(super) struct End {
    pub(super) link: Link,
    pub(super) checksum: u64,
}

impl Staged {
    fn row(&self) -> EventRow<'_> {
        EventRow::of(&self.event, self.tags.as_deref(), self.first.as_ref())
    }
}

impl Writer {
    /// Writes the group's events, with their checksums and link.
    pub(super) fn insert(&mut self) -> rusqlite::Result<End> {
        self.begin()?;
        if self.connection.is_autocommit() {
            // A fold's write failed in a way that SQLite gives up the whole transaction for.
            return Err(given_up());
        }
        self.group.encode();
        insert_all(&self.connection, &self.group, &self.link)
    }
}

impl Group {
    fn encode(&mut self) {
        for staged in &self.staged {
            staged.row().encode(&mut self.columns);
            self.ends.push(self.columns.len());
        }
    }
}

/// SQLite gives up a transaction by itself where there is no room for more of it.
fn given_up() -> rusqlite::Error {
    let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
    rusqlite::Error::SqliteFailure(full, Some("the transaction was given up".to_owned()))
}

fn insert_all(connection: &Connection, group: &Group, previous: &Link) -> rusqlite::Result<End> {
    let link = next_link(previous, &group.columns);
    let mut statement = connection.prepare_cached(include_str!("../sql/insert_event.sql"))?;
    let mut start = 0;
    let mut sum = 0;
    for (place, (staged, end)) in group.staged.iter().zip(&group.ends).enumerate() {
        sum = checksum(&group.columns[start..*end]);
        start = *end;
        let last = place + 1 == group.staged.len();
        bind(&mut statement, &staged.row(), sum, last.then_some(&link))?;
        statement.raw_execute()?;
    }
    Ok(End { link, checksum: sum })
}

fn bind(
    statement: &mut Statement<'_>,
    row: &EventRow<'_>,
    checksum: u64,
    link: Option<&Link>,
) -> rusqlite::Result<()> {
    let payload = match std::str::from_utf8(row.payload) {
        Ok(_) => ValueRef::Text(row.payload),
        Err(_) => ValueRef::Blob(row.payload),
    };
    let values = [
        ValueRef::Integer(to_sql(row.position)),
        ValueRef::Blob(row.id),
        text(row.tenant),
        text(row.category),
        text(row.stream),
        ValueRef::Integer(to_sql(row.version)),
        text(row.name),
        ValueRef::Integer(row.schema.into()),
        payload,
        ValueRef::Integer(row.recorded_at),
        optional(row.actor),
        optional(row.correlation),
        optional(row.causation),
        optional(row.traceparent),
        optional(row.tags),
        optional(row.idem_key),
        row.fingerprint.map_or(ValueRef::Null, ValueRef::Blob),
        row.follows.map_or(ValueRef::Null, |follows| ValueRef::Integer(follows.into())),
        ValueRef::Integer(to_sql(checksum)),
        link.map_or(ValueRef::Null, |link| ValueRef::Blob(link)),
    ];
    for (place, value) in values.into_iter().enumerate() {
        statement.raw_bind_parameter(place + 1, Bound(value))?;
    }
    Ok(())
}

fn text(text: &str) -> ValueRef<'_> {
    ValueRef::Text(text.as_bytes())
}

fn optional(value: Option<&str>) -> ValueRef<'_> {
    value.map_or(ValueRef::Null, text)
}

struct Bound<'a>(ValueRef<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            ValueRef::Null => ToSqlOutput::Owned(Value::Null),
            borrowed => ToSqlOutput::Borrowed(borrowed),
        })
    }
}
