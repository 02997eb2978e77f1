//! The suite of [`RowsBesideLog`] together with its log: rows that commit with the events.
//!
//! The group that it opens is a group like any other until the log folds it: hold it to [`super::row_store`] as well.

mod bench;
mod commits;
mod refuses;
mod views;

use std::sync::Arc;

use watershed_core::ports::{EventLog, Later, RowsBesideLog};

use self::bench::Bench;
use super::promise::suite;
use super::storage::Storage;

/// A log, and the rows beside it.
pub type Pair = (Arc<dyn EventLog>, Arc<dyn RowsBesideLog>);

/// Storage for one log and the rows beside it.
pub trait BesideFixture: Send + Sync + 'static {
    /// Opens both on this storage, and makes them where they are not there. Called again, on the same storage, after what
    /// it gave before has been dropped.
    fn open(&self) -> impl Future<Output = Pair> + Send;
}

impl<F: BesideFixture> Storage<Pair> for F {
    fn open(&self) -> Later<'_, Pair> {
        Box::pin(BesideFixture::open(self))
    }
}

suite! {
    "the rows beside the log", BesideFixture => Bench;
    "whoever has an append's answer sees its rows" => commits::at_once,
    "a fold sees the rows of the appends before, also of those that are still on their way" => commits::in_flight,
    "rows and checkpoint are those of one append, whenever they are read" => commits::one_moment,
    "rows are those of their tenant" => commits::tenants,
    "rows and log agree after both are opened again" => commits::again,
    "an append that is refused leaves no row, and its neighbours leave theirs" => refuses::no_row,
    "a fold that refuses undoes what another has done for the same append" => refuses::all_folds,
    "a batch that cannot be written refuses its own append" => refuses::unwritable,
    "a view gives the rows of its SELECT, by tenant, filtered, sorted and paged" => views::rows,
    "a view that is not one SELECT of its columns is refused" => views::refused,
}
