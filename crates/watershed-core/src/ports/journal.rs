//! The journal of a group's rows: which of them have changed, in an order that listeners can go on in.

use std::fmt;
use std::str::FromStr;

use super::{Later, RowError, RowKey};
use crate::{Position, Timestamp, Value};

/// A place in a journal: whoever is there has seen everything up to it, and goes on behind it.
///
/// The link stands for the entry there and all before it. So a place that a crash has taken back, that belongs to another
/// journal, or behind which something else has happened, is never mistaken for one of this history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JournalMark {
    /// The slice of the keys. Numbers are contiguous in each.
    pub slice: u16,
    /// The entry's number; 0 before the first.
    pub number: u64,
    /// What stands for everything up to it.
    pub link: u64,
}

/// A text that is no place in a journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a place in a journal: pass the text unchanged")]
pub struct JournalMarkError;

impl fmt::Display for JournalMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{:016x}", self.slice, self.number, self.link)
    }
}

impl FromStr for JournalMark {
    type Err = JournalMarkError;

    fn from_str(text: &str) -> Result<Self, JournalMarkError> {
        let mut parts = text.split('.');
        let (Some(slice), Some(number), Some(link), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JournalMarkError);
        };
        if link.len() != 16 {
            return Err(JournalMarkError);
        }
        Ok(Self {
            slice: slice.parse().map_err(|_| JournalMarkError)?,
            number: number.parse().map_err(|_| JournalMarkError)?,
            link: u64::from_str_radix(link, 16).map_err(|_| JournalMarkError)?,
        })
    }
}

/// What a change has left of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// Readers see it.
    Shown,
    /// It is there, and readers do not see it.
    Hidden,
    /// It is not there any more: the entry is its tombstone.
    Gone,
}

/// One row that has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedRow {
    /// The place of its table in the group.
    pub table: usize,
    /// Its key.
    pub key: RowKey,
    /// The position of the last event that changed it; of a row that is gone, the group's.
    pub position: Position,
    /// How often it has changed since it was made.
    pub revision: u64,
    /// What has become of it.
    pub state: RowState,
    /// What readers saw of it before, in the columns that they may filter by or search; the others are empty. None where they saw
    /// no such row.
    pub before: Option<Vec<Value>>,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// A row has changed.
    Row(ChangedRow),
    /// Any row may have: whoever follows the journal reads everything again.
    Everything,
}

/// An entry of a journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// Its place.
    pub mark: JournalMark,
    /// How often everything has changed: a row of a lower generation is older, whatever its revision.
    pub generation: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What has changed.
    pub changed: Changed,
}

/// Where to read a journal from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalFrom {
    /// Its end: no entries, only where it ends.
    End,
    /// Behind that place.
    After(JournalMark),
    /// Behind that number, as far as entries are still kept: for whoever only looks.
    Number(u64),
}

/// Where a journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalEnd {
    /// Its last entry's place.
    pub mark: JournalMark,
    /// The generation there.
    pub generation: u64,
}

/// A part of a journal, as of one moment of the group.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalPart {
    /// The entries, in their order.
    pub entries: Vec<JournalEntry>,
    /// Whether the place that was read from is one of this journal, and everything behind it is still kept. Where it is not, there
    /// are no entries: the listener reads everything again, and goes on from `end`.
    pub is_known: bool,
    /// Where the journal ends.
    pub end: JournalEnd,
    /// How many of its first entries are not kept any more.
    pub forgotten: u64,
    /// How far the group has come: the rows are folded up to there.
    pub position: Position,
}

/// The journal of a group: an entry for each change of a row that readers saw before or see after it, written with the row and
/// numbered without a gap. Kept for the tables that [`super::GroupSpec::journal`] names.
pub trait RowJournal: Send + Sync + 'static {
    /// At most so many entries; none at all where the group keeps no journal.
    fn read_journal(
        &self,
        from: JournalFrom,
        limit: usize,
    ) -> Later<'_, Result<Option<JournalPart>, RowError>>;

    /// Forgets entries, the first ones first, that were written before that time, or that are more than `most` from the end; some
    /// thousands of them at a time. Answers with how many were forgotten.
    fn forget_changes(&self, before: Timestamp, most: u64) -> Later<'_, Result<u64, RowError>>;

    /// These rows are read from now on by whoever read others whose journal ended there: says that everything may have changed,
    /// behind that place.
    fn take_over(&self, from: JournalEnd, at: Timestamp) -> Later<'_, Result<(), RowError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_from_its_text_and_no_other_text_is_one() {
        let mark = JournalMark { slice: 3, number: 57, link: 0x00ab };
        assert_eq!(mark.to_string(), "3.57.00000000000000ab");
        assert_eq!(mark.to_string().parse(), Ok(mark));
        for text in [
            "",
            "57",
            "3.57",
            "3.57.ab",
            "3.57.00000000000000ab.",
            "-3.57.00000000000000ab",
            "3.57.000000000000000g",
        ] {
            assert_eq!(text.parse::<JournalMark>(), Err(JournalMarkError), "{text}");
        }
    }
}
