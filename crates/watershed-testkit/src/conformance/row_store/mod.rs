//! The suite of [`RowStore`].

mod bench;
mod by_key;
mod columns;
mod cursors;
mod filters;
mod held;
mod journal;
mod loader;
mod moments;
mod odd;
mod open;
mod pages;
mod parked;
mod scan;
mod specs;
mod values;
mod write;

use std::sync::Arc;

use watershed_core::ports::{Later, RowStore};

use self::bench::Bench;
use super::promise::suite;
use super::storage::Storage;

/// Storage for the rows of one log.
pub trait RowsFixture: Send + Sync + 'static {
    /// Opens the store on this storage, and makes it where it is not there. Called again, on the same storage, after the
    /// store that it gave before and the groups opened on it have been dropped: what was written must then be there.
    fn open(&self) -> impl Future<Output = Arc<dyn RowStore>> + Send;
}

impl<F: RowsFixture> Storage<Arc<dyn RowStore>> for F {
    fn open(&self) -> Later<'_, Arc<dyn RowStore>> {
        Box::pin(RowsFixture::open(self))
    }
}

suite! {
    "the row store", RowsFixture => Bench;
    "fresh tables are empty, and the group has come nowhere" => open::fresh,
    "rows, checkpoint and parked keys are there after the store is opened again" => open::again,
    "groups do not touch each other" => open::groups,
    "tables of another version do not count: the checkpoint is 0, and no row is seen" => open::other_version,
    "tables of another version are kept aside until a loader finishes" => open::kept_aside,
    "a row that is put is read back whole, and put again is replaced" => write::put_row,
    "a row that is deleted is gone, and one that is not there can be deleted" => write::delete,
    "a batch changes several tables, and thousands of rows" => write::many,
    "a checkpoint is read back whole" => write::checkpoint_whole,
    "a batch that cannot be written whole changes nothing" => write::all_or_nothing,
    "readers see rows, checkpoint and parked keys of one moment" => moments::one_moment,
    "a moment that is held stands still while batches are written and tables are loaded" => held::stands_still,
    "a batch that is made for one checkpoint changes nothing where the group has moved on" => held::moved_on,
    "a row is found by its key, where readers see it" => by_key::found,
    "a hidden row is there for folds, and not for readers" => by_key::hidden_row,
    "rows are found by very many keys" => by_key::many,
    "tenants do not see each other's rows" => by_key::tenants,
    "a page is sorted by columns of every kind, either way and mixed; empty ones come before all others; keys break ties" => pages::sorted,
    "pages follow one another without a gap or a row twice, whatever their size" => pages::walked,
    "a page holds shown rows only" => pages::shown,
    "a page starts after its cursor's row, also where that has gone" => pages::row_gone,
    "rows are filtered by columns of every kind" => filters::compared,
    "conditions are combined, and turned round, also where columns are empty" => filters::combined,
    "texts and nested data are searched for a part, whatever the case of ASCII letters" => filters::contains,
    "filters and sorting go together" => filters::sorted,
    "a column that is not declared cannot be asked about" => columns::undeclared,
    "a column that is not for searching cannot be searched" => columns::unsearched,
    "columns may be named by SQL's words" => columns::sql_words,
    "columns named like a store's own are kept, or refused when the tables are opened" => columns::own_names,
    "a cursor of another question is refused" => cursors::other_question,
    "a cursor that was tampered with is refused, or starts somewhere: it fails nothing" => cursors::tampered,
    "values of every kind come back as they were" => values::exact,
    "an empty column is not an empty text, zero or false" => values::empty,
    "keys and texts may be anything, and long" => odd::words,
    "keys of several columns are told apart" => odd::joined_keys,
    "parked keys come back whole, the longest parked first" => parked::whole,
    "parked keys are changed and taken away" => parked::changed,
    "answers count the parked keys of their table" => parked::counted,
    "a scan gives all tenants' rows, hidden ones too, in the order of tenant and key" => scan::ordered,
    "a scan filters by any column" => scan::filtered,
    "what is loaded is not seen before it is finished, and all of it afterwards" => loader::unseen,
    "a loader that is dropped leaves everything as it was" => loader::dropped,
    "a loader brings parked keys, checkpoint and indexes" => loader::brings,
    "what is loaded is there after the store is opened again, and can be changed" => loader::stays,
    "changes are numbered without a gap, and read in parts" => journal::numbered_without_gap,
    "an entry says what has become of a row and what readers saw of it; what they never saw has none" => journal::what_readers_saw,
    "of what a row was before, the columns that readers may ask about are kept whole, and no others" => journal::before_in_full,
    "a journal is kept for the tables that are named, and one that was not kept for a time is not gone on with" => journal::only_what_is_named,
    "of a batch that is not written nothing is in the journal" => journal::nothing_of_a_broken_batch,
    "a listener goes on where it was, also after the store is opened again" => journal::goes_on,
    "entries are forgotten by their age and their number, the first ones first; who lacks one is told" => journal::forgotten,
    "a place that is none of this journal is not gone on from" => journal::no_other_place,
    "whoever listens is told where everything may have changed, in a higher generation" => journal::everything,
    "an entry says whose row it is" => journal::tenants,
}
