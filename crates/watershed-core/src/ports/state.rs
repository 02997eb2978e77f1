//! The port of state that stands in the user's own tables, in the log's database.

use std::sync::Arc;

use super::Later;
use crate::Tenant;
use crate::Value;
use crate::write::{StateRows, TablesSpec};

/// What an append changes in an aggregate's tables, in its own transaction. The aggregate is the one whose stream the append is for.
///
/// Saved or not, the row must be at the version that is expected; otherwise the append is refused
/// ([`super::AppendError::StateMoved`]). Where the root is kept, nothing else is done: so what a refusal rests on is confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct Save {
    /// The tables.
    pub tables: Arc<TablesSpec>,
    /// What the version column of the root's row must hold; `None` where there must be no row.
    pub expected: Option<u64>,
    /// What becomes of the root's row.
    pub root: RootWrite,
    /// What becomes of the children, in this order.
    pub children: Vec<ChildWrite>,
}

/// What becomes of the root's row.
#[derive(Debug, Clone, PartialEq)]
pub enum RootWrite {
    /// Nothing: it is looked at.
    Keep,
    /// It is made, with these contents of the state's columns, and version 1.
    Insert(Vec<Value>),
    /// These columns change, by their places, and the version goes up by 1: also where none changes.
    Update(Vec<(usize, Value)>),
    /// It is removed, after its children.
    Delete,
}

/// What becomes of a row of a child table.
#[derive(Debug, Clone, PartialEq)]
pub struct ChildWrite {
    /// The place of the table among the children's.
    pub table: usize,
    /// What becomes of the row.
    pub change: ChildChange,
}

/// A change of a child's row.
#[derive(Debug, Clone, PartialEq)]
pub enum ChildChange {
    /// It is made, with these contents.
    Insert(Vec<Value>),
    /// These columns of the row with that key change, by their places.
    Update {
        /// The contents of the key columns, in the order of the key.
        key: Vec<Value>,
        /// The places, and what stands there from now on.
        columns: Vec<(usize, Value)>,
    },
    /// The row with that key is removed.
    Delete {
        /// The contents of the key columns, in the order of the key.
        key: Vec<Value>,
    },
}

/// The kind of rule by which a database refuses a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaveRule {
    /// Another row has what may be there once.
    Unique,
    /// A `CHECK` says no.
    Check,
    /// A row that is referred to is not there, or one is still referred to.
    Reference,
    /// A column that must not be empty would be.
    NotNull,
    /// Something else of the database's own: a trigger, an exclusion.
    Other,
}

/// Rows of an aggregate, as of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedRows {
    /// What the version column holds.
    pub version: u64,
    /// The rows.
    pub rows: StateRows,
}

/// Why tables could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The tables are not what the mapping says: names each column that is missing or of a type that does not fit.
    #[error("{0}")]
    Unfit(String),
    /// A row holds what the mapping has no place for.
    #[error("{0}")]
    Unreadable(String),
    /// The store failed; trying again may help.
    #[error("the store failed: {0}")]
    Store(String),
}

/// A step of a context's own tables: SQL that is run once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaStep {
    /// Its number: steps are run in the order of their numbers. For ever, and so is its text.
    pub number: u32,
    /// What it says to SQLite; empty where it has nothing to say.
    pub sqlite: &'static str,
    /// What it says to PostgreSQL.
    pub postgres: &'static str,
}

/// Makes tables, and holds them against what is written of them.
pub trait StateSchema: Send + Sync + 'static {
    /// Runs those of the steps that have not been run for `owner`, each in a transaction with the record of it.
    ///
    /// # Errors
    /// Where one fails, or is not what it was when it was run: nothing of it is left, and none behind it is run.
    fn make<'a>(&'a self, owner: &'a str, steps: &'a [SchemaStep]) -> Later<'a, Result<(), StateError>>;

    /// Whether the tables are there and can hold what the state wants to put into them.
    ///
    /// # Errors
    /// Where they cannot: [`StateError::Unfit`] names everything that does not fit.
    fn check<'a>(&'a self, tables: &'a TablesSpec) -> Later<'a, Result<(), StateError>>;
}

/// Whose row it is: the tenant, and the id.
pub type WhoseRow = (Tenant, Arc<str>);

/// Reads the rows that an aggregate's state stands in. They are written by appends ([`super::Append::save`]).
pub trait StateTables: StateSchema {
    /// The rows of one aggregate, root and children as of one moment; `None` where it has no row in the root. The rows of a child
    /// come in the order of their key.
    fn load<'a>(
        &'a self,
        tables: &'a TablesSpec,
        tenant: &'a Tenant,
        id: &'a str,
    ) -> Later<'a, Result<Option<LoadedRows>, StateError>>;

    /// Whose rows there are in the root, in an order that stays: tenant and id, behind that one, at most `limit`.
    fn ids<'a>(
        &'a self,
        tables: &'a TablesSpec,
        after: Option<(&'a Tenant, &'a str)>,
        limit: usize,
    ) -> Later<'a, Result<Vec<WhoseRow>, StateError>>;
}
