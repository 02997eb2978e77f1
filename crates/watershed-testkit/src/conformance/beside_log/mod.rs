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
use super::Broken;
use super::promise::{Check, assert_kept, checks, run_all};

/// A log, and the rows beside it.
pub type Pair = (Arc<dyn EventLog>, Arc<dyn RowsBesideLog>);

/// Storage for one log and the rows beside it.
pub trait BesideFixture: Send + Sync + 'static {
    /// Opens both on this storage, and makes them where they are not there. Called again, on the same storage, after what
    /// it gave before has been dropped.
    fn open(&self) -> impl Future<Output = Pair> + Send;
}

/// [`BesideFixture`], with its type put aside.
trait Storage: Send + Sync {
    fn open(&self) -> Later<'_, Pair>;
}

impl<F: BesideFixture> Storage for F {
    fn open(&self) -> Later<'_, Pair> {
        Box::pin(BesideFixture::open(self))
    }
}

/// Holds what `make`'s fixtures open to everything that the port promises. `make` gives fresh storage each time.
///
/// # Panics
/// Where a promise is broken; says which, and how.
pub async fn run<F: BesideFixture>(make: impl Fn() -> F) {
    assert_kept("the rows beside the log", &broken(make, "").await);
}

/// Those of the promises that hold these words (`""` for all) and that the stores break.
pub async fn broken<F: BesideFixture>(make: impl Fn() -> F, words: &str) -> Vec<Broken> {
    run_all(checks(), words, || Bench::new(Arc::new(make()))).await
}

/// All promises, in the order in which they are checked.
#[must_use]
pub fn promises() -> Vec<&'static str> {
    checks().iter().map(|check| check.promise).collect()
}

fn checks() -> Vec<Check<Bench>> {
    checks! {
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
}
