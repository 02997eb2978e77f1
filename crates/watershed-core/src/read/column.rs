use std::borrow::Cow;
use std::marker::PhantomData;

use super::{Comparison, Filter, Predicate, Sort};
use crate::{ColumnKind, ColumnType};

/// A stored column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // each is a word of the derive's, and independent of the others
pub struct ColumnSpec {
    /// Its name: the field's.
    pub name: Cow<'static, str>,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may be empty.
    pub optional: bool,
    /// Part of the row's key.
    pub key: bool,
    /// Has an index of its own, so that it may be filtered and sorted by.
    pub indexed: bool,
    /// May be searched for a part of its text.
    pub searched: bool,
    /// For folds and rollups; readers do not see it.
    pub internal: bool,
}

impl ColumnSpec {
    /// Whether readers may filter and sort by it.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        (self.key || self.indexed) && !self.internal
    }
}

/// Which way a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// An index over several columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexSpec {
    /// The columns in their order.
    pub columns: Cow<'static, [(&'static str, Direction)]>,
}

/// A table that a store keeps: rows by (tenant, key), with typed columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSpec {
    /// The table's name.
    pub name: Cow<'static, str>,
    /// The stored columns in their order.
    pub columns: Cow<'static, [ColumnSpec]>,
    /// Indexes over several columns; single columns say so themselves.
    pub indexes: Cow<'static, [IndexSpec]>,
}

impl TableSpec {
    /// The column of that name, and its place.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<(usize, &ColumnSpec)> {
        self.columns.iter().enumerate().find(|(_, column)| column.name == name)
    }

    /// The places of the columns that make the key, in their order.
    pub fn key_columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.columns.iter().enumerate().filter(|(_, column)| column.key).map(|(place, _)| place)
    }
}

/// A column of `R` that may be filtered and sorted by, holding `T`. The derive makes one constant for each declared
/// column: `AtRiskFamily::risk_score`.
pub struct Column<R, T> {
    name: &'static str,
    types: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Clone for Column<R, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, T> Copy for Column<R, T> {}

impl<R, T> Column<R, T> {
    /// The column of that name. For the derive.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self { name, types: PhantomData }
    }

    /// The column's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Sorted by this column, smallest first.
    #[must_use]
    pub fn asc(self) -> Sort<R> {
        Sort::by(self.name, Direction::Ascending)
    }

    /// Sorted by this column, largest first.
    #[must_use]
    pub fn desc(self) -> Sort<R> {
        Sort::by(self.name, Direction::Descending)
    }

    /// Rows where the column is empty.
    #[must_use]
    pub fn is_null(self) -> Filter<R> {
        Filter::of(Predicate::IsNull { column: self.name.into() })
    }
}

impl<R, T: ColumnType> Column<R, T> {
    fn compare(self, comparison: Comparison, value: &T) -> Filter<R> {
        Filter::of(Predicate::Compare { column: self.name.into(), comparison, value: value.to_value() })
    }

    /// Rows where the column equals `value`.
    #[must_use]
    pub fn eq(self, value: impl Into<T>) -> Filter<R> {
        self.compare(Comparison::Equal, &value.into())
    }

    /// Rows where the column is not `value`, empty ones included.
    #[must_use]
    pub fn ne(self, value: impl Into<T>) -> Filter<R> {
        !self.compare(Comparison::Equal, &value.into())
    }

    /// Rows where the column is below `value`.
    #[must_use]
    pub fn lt(self, value: impl Into<T>) -> Filter<R> {
        self.compare(Comparison::Less, &value.into())
    }

    /// Rows where the column is at most `value`.
    #[must_use]
    pub fn le(self, value: impl Into<T>) -> Filter<R> {
        self.compare(Comparison::LessOrEqual, &value.into())
    }

    /// Rows where the column is above `value`.
    #[must_use]
    pub fn gt(self, value: impl Into<T>) -> Filter<R> {
        self.compare(Comparison::Greater, &value.into())
    }

    /// Rows where the column is at least `value`.
    #[must_use]
    pub fn ge(self, value: impl Into<T>) -> Filter<R> {
        self.compare(Comparison::GreaterOrEqual, &value.into())
    }

    /// Rows where the column is one of `values`.
    #[must_use]
    pub fn any_of(self, values: impl IntoIterator<Item = T>) -> Filter<R> {
        let values = values.into_iter().map(|value| value.to_value()).collect();
        Filter::of(Predicate::AnyOf { column: self.name.into(), values })
    }
}

impl<R, T> Column<R, T> {
    /// Rows whose text in this column holds `part`, whatever the case of its letters. For `#[search]` columns.
    #[must_use]
    pub fn contains(self, part: impl Into<String>) -> Filter<R> {
        Filter::of(Predicate::Contains { column: self.name.into(), part: part.into() })
    }
}
