//! The writer: takes the appends that wait, checks each, writes those that are taken in one transaction, and answers all.

mod begin;
mod check;
mod commit;
mod fold;
mod group;
mod heads;
mod insert;
mod run;
mod stage;

use std::sync::Arc;

use rusqlite::Connection;
use watershed_core::Position;
use watershed_core::ports::{InlineFold, NameCache};

use super::inline::InlineRows;
use super::prepared::Prepared;
use super::readers::Reader;
use super::shared::Shared;
use super::tail::Layers;
use group::Group;
use heads::Heads;
use watershed_store::Link;
use watershed_store::Queued;

pub(crate) use begin::Beginning;
pub(crate) use run::{lead, run};

/// Writes the log. There is one, whichever thread uses it.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    /// `log.db`, for writing.
    connection: Connection,
    /// For what has to be looked up before an append is taken.
    reader: Reader,
    heads: Heads,
    /// The layers as they are while a group is taken: nothing turns them meanwhile.
    layers: Layers,
    /// The link of the last commit.
    link: Link,
    /// The checksum of the last event.
    checksum: u64,
    names: NameCache,
    inline: Vec<Box<dyn InlineFold>>,
    inline_rows: Arc<dyn InlineRows>,
    /// Appends that have been taken from the queue. Empty but while they are committed: only its memory is kept.
    queued: Vec<Queued<Prepared>>,
    group: Group,
}

impl Writer {
    /// Has these folds run in every append's own transaction.
    pub(crate) fn set_inline(&mut self, folds: Vec<Box<dyn InlineFold>>) {
        self.inline = folds;
    }

    #[cfg(test)]
    pub(crate) fn limit_pages(&self, pages: u32) {
        self.connection.pragma_update(None, "max_page_count", pages).unwrap();
    }

    /// The last position, with what the group under way has taken.
    fn last(&self) -> Position {
        self.shared.head() + self.group.staged.len() as u64
    }

    /// Turns the tail's active layer, so that it can be merged.
    pub(crate) fn turn(&mut self) -> bool {
        let checkpoint = super::index::Checkpoint { merged: self.shared.head(), checksum: self.checksum };
        self.shared.tail.turn(checkpoint)
    }
}
