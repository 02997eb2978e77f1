//! Tables come into being, and give way to those of another version.

use rusqlite::{Connection, OptionalExtension, params};
use watershed_core::ports::RowError;

use super::super::failure::failure;
use super::super::statements::{create_indexes, create_table, quoted};
use super::{Tables, execute, journal};

const CHECKPOINTS: &str = include_str!("../sql/checkpoints.sql");
const PARKED: &str = include_str!("../sql/parked.sql");
const LOADING: &str = include_str!("../sql/loading.sql");
const LOADING_LIST: &str = include_str!("../sql/loading_list.sql");
const LOADING_REMOVE: &str = include_str!("../sql/loading_remove.sql");
const MADE_FOR: &str = include_str!("../sql/made_for.sql");
const MAKE: &str = include_str!("../sql/checkpoint_make.sql");
const NAME_TAKEN: &str = include_str!("../sql/name_taken.sql");
const TABLE_EXISTS: &str = include_str!("../sql/table_exists.sql");

/// What stands in a file where a group's tables should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The group's tables.
    Current,
    /// Those of another version.
    Other,
}

/// What a file says of a group's tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    version: String,
    layout: i64,
    /// The tables' names.
    tables: Vec<String>,
    /// How often they have been loaded.
    pub(crate) generation: u64,
}

/// Makes what every file of rows has, and drops what a loader left behind.
pub(crate) fn prepare_file(connection: &Connection) -> Result<(), RowError> {
    for statement in [CHECKPOINTS, PARKED, LOADING] {
        connection.execute_batch(statement).map_err(failure)?;
    }
    journal::prepare(connection)?;
    let leftovers: Vec<String> = connection
        .prepare(LOADING_LIST)
        .and_then(|mut list| list.query_map([], |row| row.get(0))?.collect())
        .map_err(failure)?;
    for name in leftovers {
        drop_table(connection, &name)?;
        execute(connection, LOADING_REMOVE, [&name])?;
    }
    Ok(())
}

fn exists(connection: &Connection, sql: &str, name: &str) -> Result<bool, RowError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row([name], |row| row.get(0)))
        .map_err(failure)
}

pub(crate) fn drop_table(connection: &Connection, name: &str) -> Result<(), RowError> {
    connection.execute_batch(&format!("DROP TABLE IF EXISTS {}", quoted(name))).map_err(failure)
}

impl Tables {
    /// Makes the tables where there are none, inside a transaction of the caller's.
    pub(crate) fn open(&self, connection: &Connection) -> Result<Standing, RowError> {
        let made = self.made(connection)?;
        self.refuse_taken_names(connection, made.as_ref())?;
        self.open_journal(connection)?;
        match made {
            None => {
                self.make(connection, 0)?;
                Ok(Standing::Current)
            }
            Some(made) if self.is_mine(&made) => {
                // What is left of them without the others is of no use.
                if !self.are_there(connection)? {
                    self.replace(connection, &made)?;
                }
                Ok(Standing::Current)
            }
            Some(_) => Ok(Standing::Other),
        }
    }

    /// Refuses a table whose name stands for something else in the file: the store's own tables, the log's, or what
    /// somebody made by hand.
    fn refuse_taken_names(&self, connection: &Connection, made: Option<&Made>) -> Result<(), RowError> {
        for table in &self.tables {
            let name = &*table.spec.name;
            let is_own = made.is_some_and(|made| made.tables.iter().any(|own| own == name));
            if !is_own && exists(connection, NAME_TAKEN, name)? {
                return Err(RowError::Store(format!(
                    "there cannot be a table `{name}` in this file: something else bears that name"
                )));
            }
        }
        Ok(())
    }

    /// What the file says of the group.
    pub(crate) fn made(&self, connection: &Connection) -> Result<Option<Made>, RowError> {
        connection
            .prepare_cached(MADE_FOR)
            .and_then(|mut statement| {
                statement
                    .query_row([&self.name], |row| {
                        Ok(Made {
                            version: row.get(0)?,
                            layout: row.get(1)?,
                            tables: serde_json::from_str(&row.get::<_, String>(2)?).unwrap_or_default(),
                            generation: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
                        })
                    })
                    .optional()
            })
            .map_err(failure)
    }

    /// Whether those tables are of this version.
    pub(crate) fn is_mine(&self, made: &Made) -> bool {
        made.version == self.version && made.layout == self.layout
    }

    /// Whether all tables are where they should be: somebody may have dropped one by hand.
    fn are_there(&self, connection: &Connection) -> Result<bool, RowError> {
        for table in &self.tables {
            if !exists(connection, TABLE_EXISTS, &table.spec.name)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Puts empty tables in place of those of another version.
    pub(crate) fn replace_others(&self, connection: &Connection) -> Result<(), RowError> {
        let made = self.made(connection)?.unwrap_or_default();
        if self.is_mine(&made) { Ok(()) } else { self.replace(connection, &made) }
    }

    fn replace(&self, connection: &Connection, made: &Made) -> Result<(), RowError> {
        self.drop_made(connection, made)?;
        self.make(connection, made.generation + 1)?;
        self.everything_changed(connection, None)
    }

    /// Drops what was made for the group, and nothing else that may bear such a name.
    pub(crate) fn drop_made(&self, connection: &Connection, made: &Made) -> Result<(), RowError> {
        for name in &made.tables {
            drop_table(connection, name)?;
            self.unpark_table(connection, name)?;
        }
        Ok(())
    }

    fn make(&self, connection: &Connection, generation: u64) -> Result<(), RowError> {
        for table in &self.tables {
            let name = &table.spec.name;
            connection.execute_batch(&create_table(&table.spec, name)).map_err(failure)?;
            for index in create_indexes(&table.spec, name) {
                connection.execute_batch(&index).map_err(failure)?;
            }
        }
        self.say_made(connection, generation)
    }

    /// Writes down that the tables are this group's, with a checkpoint of 0.
    pub(crate) fn say_made(&self, connection: &Connection, generation: u64) -> Result<(), RowError> {
        let names: Vec<&str> = self.tables.iter().map(|table| &*table.spec.name).collect();
        let names = serde_json::Value::from(names).to_string();
        let (name, version, layout) = self.edition();
        let generation = i64::try_from(generation).unwrap_or(i64::MAX);
        execute(connection, MAKE, params![name, version, layout, names, generation]).map(drop)
    }
}
