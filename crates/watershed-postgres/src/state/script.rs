//! A context's own tables, brought up or printed by whoever looks after the database.

use std::fmt::Write;

use watershed_core::ports::{SchemaStep, StateError};

use super::make::{LOCK, make, missing, pending};
use super::{failed, not_opened};
use crate::connection::{Connection, quoted};
use crate::options::Options;

/// The steps of a context's own tables.
#[derive(Debug, Clone, Copy)]
pub struct OwnTables<'a> {
    /// The context.
    pub owner: &'a str,
    /// Its steps.
    pub steps: &'a [SchemaStep],
}

impl OwnTables<'_> {
    /// Runs the steps that have not been run, behind the log's migrations, and says which those were: none, where all had been.
    ///
    /// # Errors
    /// Where the server cannot be reached, a step fails, or is not what it was when it was run.
    pub async fn make(&self, options: &Options) -> Result<Vec<String>, StateError> {
        let connection = Connection::open(&options.unhurried()).await.map_err(not_opened)?;
        let made = make(&connection, self.owner, self.steps).await?;
        Ok(made.into_iter().map(|number| format!("{} {number}", self.owner)).collect())
    }

    /// The SQL that [`OwnTables::make`] would run, for whoever runs it by hand, behind [`crate::pending_sql`]. Empty where there is
    /// nothing to do.
    ///
    /// # Errors
    /// As `make`, which this is but for the changes.
    pub async fn pending_sql(&self, options: &Options) -> Result<String, StateError> {
        let connection = Connection::open(&options.unhurried()).await.map_err(not_opened)?;
        let missing = missing(&connection, self.owner, self.steps).await.map_err(|error| failed(&error))?;
        Ok(self.script(&options.schema, &missing?))
    }

    /// The SQL that makes all of the tables where there are none.
    ///
    /// # Errors
    /// Where two steps bear one number.
    pub fn whole_sql(&self, schema: &str) -> Result<String, StateError> {
        Ok(self.script(schema, &pending(self.owner, self.steps, &Default::default())?))
    }

    fn script(&self, schema: &str, steps: &[&SchemaStep]) -> String {
        let mut sql = String::new();
        if steps.is_empty() {
            return sql;
        }
        let (owner, schema) = (in_quotes(self.owner), quoted(schema));
        let steps_table = include_str!("sql/create_steps.sql").trim_end();
        let _ =
            writeln!(sql, "BEGIN;\nSET LOCAL statement_timeout = 0;\nSELECT pg_advisory_xact_lock({LOCK});");
        let _ = writeln!(sql, "SET LOCAL search_path TO {schema};\n{steps_table};");
        for step in steps {
            let (number, text) = (step.number, in_quotes(step.postgres));
            let _ = writeln!(sql, "\n-- {}, step {number}\n{}\n;", self.owner, step.postgres.trim_end());
            let _ = writeln!(
                sql,
                "INSERT INTO state_steps (owner, number, sql) VALUES ({owner}, {number}, {text});"
            );
        }
        sql.push_str("COMMIT;\n");
        sql
    }
}

fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
