//! The suite of [`StateTables`], with the log that saves in them.

mod bench;
mod load;
mod refuse;
mod save;
mod schema;
mod together;

use std::sync::Arc;

use watershed_core::ports::{EventLog, Later, StateTables};

use self::bench::Bench;
use super::promise::suite;

/// A log, and the tables beside it.
pub struct StateStores {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The tables, in the log's database.
    pub tables: Arc<dyn StateTables>,
}

/// Storage for one log with tables beside it.
pub trait StateFixture: Send + Sync + 'static {
    /// Opens both on this storage, and makes them where they are not there. Called again, on the same storage, after what it
    /// gave before has been dropped.
    fn open(&self) -> impl Future<Output = StateStores> + Send;

    /// Has somebody else run these statements on the database, over a connection that is none of the store's; the error is what
    /// they are told. Runs while the store is open.
    fn outside(&self, sql: &str) -> impl Future<Output = Result<(), String>> + Send;
}

/// A fixture with its type put aside.
trait Ground: Send + Sync {
    fn open(&self) -> Later<'_, StateStores>;

    fn outside<'a>(&'a self, sql: &'a str) -> Later<'a, Result<(), String>>;
}

impl<F: StateFixture> Ground for F {
    fn open(&self) -> Later<'_, StateStores> {
        Box::pin(StateFixture::open(self))
    }

    fn outside<'a>(&'a self, sql: &'a str) -> Later<'a, Result<(), String>> {
        Box::pin(StateFixture::outside(self, sql))
    }
}

suite! {
    "the tables of state", StateFixture => Bench;
    "steps are run once, in the order of their numbers, also after the store is opened again" => schema::once,
    "a step that fails, or is not what it was, leaves nothing and stops those behind it" => schema::fails,
    "a step does not touch what the log needs itself" => schema::reserved,
    "tables that do not fit are told with every column that does not" => schema::unfit,
    "a row is loaded as it was saved, whatever its columns hold" => load::contents,
    "an aggregate without a row has none" => load::nothing,
    "rows that no event has told of are loaded" => load::legacy,
    "an id that the table spells otherwise is not taken for another's" => load::spelling,
    "whose rows there are is listed page by page" => load::ids,
    "tenants do not see each other's rows" => load::tenants,
    "a save changes its columns and no other" => save::columns,
    "children are made, changed and removed with their root" => save::children,
    "a row is removed with its children, and may be made again" => save::removed,
    "a save is taken at the row's version, and at no other" => save::version,
    "an append without events looks at the row's version" => save::confirms,
    "whoever changes the row from outside, and raises its version, is noticed" => save::outside,
    "a rule of the database refuses its own append only, and is told" => refuse::rules,
    "an append that is refused leaves no row, no child and no event" => refuse::nothing,
    "a save that meets no row, or several, is refused" => refuse::rows,
    "appends on one row that wait together are taken one upon the other" => together::pipelined,
    "what stands upon a save that was refused is refused as well" => together::upon_refused,
    "many writers at once: each row has been saved as often as its stream says" => together::storm,
    "rows and events are there together after the store is opened again" => together::again,
}
