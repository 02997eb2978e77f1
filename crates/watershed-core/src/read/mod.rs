//! The read side: rows, the folds that keep them, and questions as plans.

mod column;
mod contract;
mod cursor;
mod filter;
mod handler;
mod keys;
mod model;
mod plan;
mod query;
mod replaces;
mod row;
mod slot;

pub use column::{Column, ColumnSpec, Direction, IndexSpec, TableSpec};
pub use contract::{Contract, Freshness, Journal, Rebuild, Reconcile, Retention, UnknownEvents};
pub use cursor::{Cursor, CursorError};
pub use filter::{Comparison, Filter, ParseValueError, Predicate, parse_value};
pub use handler::Handler;
pub use keys::{Key, Keys};
pub use model::{KeyedBy, On, ReadModel, Source};
pub use plan::{Ask, One, Page, PageOf, Plan, Sort};
pub use query::{NamedQuery, Query};
pub use replaces::Replaces;
pub use row::Row;
pub use slot::{Applied, ApplyError, Neighbours, NoNeighbours, Slot, Unseen};
