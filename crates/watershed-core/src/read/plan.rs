use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::{Cursor, Direction, Filter, Key, Predicate, Row};
use crate::Position;

/// The largest page, and the size of a page where nobody says.
const MAX_LIMIT: u32 = 1_000;
const DEFAULT_LIMIT: u32 = 50;

/// One column to sort by.
pub struct Sort<R> {
    column: &'static str,
    direction: Direction,
    row: PhantomData<fn() -> R>,
}

impl<R> Sort<R> {
    pub(crate) fn by(column: &'static str, direction: Direction) -> Self {
        Self { column, direction, row: PhantomData }
    }
}

/// A question as stores see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The view.
    pub view: &'static str,
    /// One row by its key; the rest of the fields then do not count.
    pub key: Option<Key>,
    /// Which rows.
    pub filter: Predicate,
    /// In which order: empty columns count as smaller than all others, and the key breaks ties, the same
    /// way as the last column.
    pub sort: Vec<(std::borrow::Cow<'static, str>, Direction)>,
    /// How many rows at most, from 1 to [`Ask::MAX_LIMIT`].
    pub limit: u32,
    /// After which row.
    pub after: Option<Cursor>,
    /// Rows that are folded up to here are new enough, so that a copy of them will do that has come so far. Where nothing is said, the
    /// newest are wanted. What is found says what it shows.
    pub enough: Option<Position>,
}

impl Ask {
    /// The largest page.
    pub const MAX_LIMIT: u32 = MAX_LIMIT;
    /// The size of a page where nobody says.
    pub const DEFAULT_LIMIT: u32 = DEFAULT_LIMIT;

    /// All rows of a view, in the order of their keys.
    #[must_use]
    pub fn rows(view: &'static str) -> Self {
        Self {
            view,
            key: None,
            filter: Predicate::All,
            sort: Vec::new(),
            limit: DEFAULT_LIMIT,
            after: None,
            enough: None,
        }
    }
}

/// A plan that answers a question.
pub trait Plan: Sized {
    /// The rows that it reads.
    type Row: Row;
    /// What it answers.
    type Output: Serialize + Send + 'static;
    /// Whether it reads one row by its key.
    const BY_KEY: bool;

    /// The question as stores see it.
    fn into_ask(self) -> Ask;

    /// The answer that these rows make.
    fn answer(rows: Vec<Self::Row>, next: Option<Cursor>) -> Self::Output;
}

/// One row by its key.
pub struct One<R> {
    key: Key,
    row: PhantomData<fn() -> R>,
}

impl<R: Row> One<R> {
    /// The row with that key.
    pub fn with_key(key: impl Into<Key>) -> Self {
        Self { key: key.into(), row: PhantomData }
    }
}

impl<R: Row> Plan for One<R> {
    type Row = R;
    type Output = Option<R>;
    const BY_KEY: bool = true;

    fn into_ask(self) -> Ask {
        Ask { key: Some(self.key), limit: 1, ..Ask::rows(R::NAME) }
    }

    fn answer(mut rows: Vec<R>, _: Option<Cursor>) -> Option<R> {
        rows.pop()
    }
}

/// A page of rows.
pub struct Page<R> {
    filter: Filter<R>,
    sort: Vec<Sort<R>>,
    limit: u32,
    after: Option<Cursor>,
}

impl<R: Row> Page<R> {
    /// The rows that fulfil the condition.
    #[must_use]
    pub fn of(filter: Filter<R>) -> Self {
        Self { filter, sort: Vec::new(), limit: DEFAULT_LIMIT, after: None }
    }

    /// All rows.
    #[must_use]
    pub fn all() -> Self {
        Self::of(Filter::all())
    }

    /// Sorted so; the key breaks ties, the same way as the last column.
    #[must_use]
    pub fn sort(mut self, sort: impl IntoIterator<Item = Sort<R>>) -> Self {
        self.sort.extend(sort);
        self
    }

    /// At most this many rows, from 1 to 1,000; 50 where nobody says.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit.clamp(1, MAX_LIMIT);
        self
    }

    /// The page after the one that ended at `cursor`.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }
}

/// A page of rows, and where the next one starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PageOf<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Pass it as `after` for the next page; none where this is the last.
    pub next: Option<Cursor>,
}

impl<R: Row> Plan for Page<R> {
    type Row = R;
    type Output = PageOf<R>;
    const BY_KEY: bool = false;

    fn into_ask(self) -> Ask {
        Ask {
            view: R::NAME,
            key: None,
            filter: self.filter.into_predicate(),
            sort: self.sort.iter().map(|sort| (sort.column.into(), sort.direction)).collect(),
            limit: self.limit,
            after: self.after,
            enough: None,
        }
    }

    fn answer(rows: Vec<R>, next: Option<Cursor>) -> PageOf<R> {
        PageOf { rows, next }
    }
}
