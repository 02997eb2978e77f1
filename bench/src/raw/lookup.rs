use std::time::Instant;

use rusqlite::{Connection, params};

use super::RawEvent;
use crate::error::Problem;
use crate::lab::Lab;
use crate::machine::own_time;
use crate::mix::mix;
use crate::stats::{Histogram, Load, micros_each};

const CREATE_ROWS: &str = include_str!("sql/create_rows.sql");
const INSERT_ROW: &str = include_str!("sql/insert_row.sql");
const SELECT_ROW: &str = include_str!("sql/select_row.sql");

/// One thread reading one of `rows` rows after the other by its primary key.
pub(crate) fn lookups(lab: &Lab, rows: u64) -> Result<Load, Problem> {
    let dir = lab.dir()?;
    let mut connection = Connection::open(dir.path().join("rows.db"))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.execute_batch(CREATE_ROWS)?;
    let transaction = connection.transaction()?;
    for number in 0..rows {
        let body = RawEvent::numbered(number, rows).payload;
        transaction.prepare_cached(INSERT_ROW)?.execute(params!["default", key(number), body])?;
    }
    transaction.commit()?;

    let mut select = connection.prepare(SELECT_ROW)?;
    let mut latency = Histogram::default();
    let used = own_time();
    let (began, time) = (Instant::now(), lab.time(1.0));
    let mut number = 0;
    while began.elapsed() < time {
        number += 1;
        let key = key(mix(number) % rows);
        let asked = Instant::now();
        let body: String = select.query_row(params!["default", key], |row| row.get(0))?;
        latency.record(asked.elapsed());
        if body.is_empty() {
            return Err(Problem::Wrong(format!("row {key} is empty")));
        }
    }
    let processor = micros_each(own_time() - used, latency.count());
    Ok(Load { latency, took: began.elapsed(), processor })
}

fn key(number: u64) -> String {
    format!("family-{number:07}")
}
