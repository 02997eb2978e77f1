use std::fmt::Write;

use super::Part;
use super::state::State;
use crate::connection::quoted;

/// One process migrates at a time, whichever schema it is about. The others wait for it rather than give up: tables may be large.
pub(super) const LOCK: &str = "BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '1h';
SET LOCAL idle_in_transaction_session_timeout = 0;
SELECT pg_advisory_xact_lock(8602284742315042916);
";

/// Everything that brings the tables from where they stand to where this program knows them, as one transaction.
pub(super) fn script(schema: &str, parts: &[Part], state: &State) -> String {
    if state.has(parts) {
        return String::new();
    }
    let quoted = quoted(schema);
    let mut sql = LOCK.to_owned();
    if !state.is_there {
        let _ = writeln!(sql, "CREATE SCHEMA IF NOT EXISTS {quoted};");
    }
    let _ = writeln!(sql, "SET LOCAL search_path TO {quoted};");
    if !state.is_there {
        sql.push_str(include_str!("../../migrations/migrations.sql"));
    }
    for part in parts {
        for (number, migration) in part.behind(state.number(part)) {
            let (name, oldest) = (part.name, migration.oldest);
            let _ = writeln!(sql, "\n-- {name}, number {number}\n{}", migration.sql.trim_end());
            let _ = writeln!(
                sql,
                "INSERT INTO migrations (part, number, oldest) VALUES ('{name}', {number}, {oldest});"
            );
        }
    }
    sql.push_str(RIGHTS);
    sql.push_str("COMMIT;\n");
    sql
}

/// What whoever runs this by hand has to think of.
const RIGHTS: &str = "
-- Where the program has a user of its own, it needs USAGE on the schema, and SELECT, INSERT, UPDATE and DELETE on its tables.
";
