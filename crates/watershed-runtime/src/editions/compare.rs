//! Two editions' rows of one key, column by column.

use std::borrow::Cow;

use watershed_core::ports::StoredRow;
use watershed_core::{TableSpec, Value};

use super::group::Edition;
use super::verify::FieldDifference;
use crate::projector::Differs;

/// A view's tables in two editions, and the columns that both have.
pub(super) struct Pair {
    pub(super) view: &'static str,
    pub(super) old_table: usize,
    pub(super) new_table: usize,
    columns: Vec<(usize, usize, Cow<'static, str>)>,
    differs: Option<Differs>,
}

/// How two rows stand to each other.
#[derive(Debug, PartialEq)]
pub(super) enum Compared {
    Same,
    /// They differ, and are meant to.
    Expected,
    Different(Vec<FieldDifference>),
}

impl Pair {
    /// The views that both editions have.
    pub(super) fn between(old: &Edition, new: &Edition) -> Vec<Self> {
        let old_tables: Vec<_> = old.definition.tables().collect();
        let new_tables: Vec<_> = new.definition.tables().collect();
        // What is meant to differ from the version before does not excuse a rebuild of the same version.
        let replaces = old.definition.version() != new.definition.version();
        let views = new.definition.views().filter_map(|view| {
            let (old_table, new_table) = (old.place(view)?.table(), new.place(view)?.table());
            let differs = new.definition.differs(view).filter(|_| replaces).cloned();
            let unlike = differs.as_ref().map_or(&[][..], |differs| differs.columns);
            let columns = common(old_tables[old_table], new_tables[new_table], unlike);
            Some(Self { view, old_table, new_table, columns, differs })
        });
        views.collect()
    }

    pub(super) fn compare(&self, old: Option<&StoredRow>, new: Option<&StoredRow>) -> Compared {
        let mut fields = Vec::new();
        match (old, new) {
            (None, None) => {}
            (Some(old), Some(new)) => {
                for (left, right, column) in &self.columns {
                    let (left, right) = (old.values.get(*left), new.values.get(*right));
                    if left != right {
                        fields.push(difference(column, left, right));
                    }
                }
                if old.shown != new.shown {
                    fields.push(difference(
                        "shown",
                        Some(&Value::Bool(old.shown)),
                        Some(&Value::Bool(new.shown)),
                    ));
                }
                if !fields.is_empty() && self.is_expected(old, new) {
                    return Compared::Expected;
                }
            }
            (Some(old), None) => fields.extend(
                self.columns.iter().map(|(left, _, column)| difference(column, old.values.get(*left), None)),
            ),
            (None, Some(new)) => fields.extend(
                self.columns
                    .iter()
                    .map(|(_, right, column)| difference(column, None, new.values.get(*right))),
            ),
        }
        if fields.is_empty() { Compared::Same } else { Compared::Different(fields) }
    }

    fn is_expected(&self, old: &StoredRow, new: &StoredRow) -> bool {
        self.differs.as_ref().is_some_and(|differs| (differs.expected)(&old.values, &new.values))
    }
}

/// The columns of both tables that hold the same kind of contents. Those that begin with `_` are the runtime's own.
fn common(old: &TableSpec, new: &TableSpec, unlike: &[&str]) -> Vec<(usize, usize, Cow<'static, str>)> {
    let mut columns = Vec::new();
    for (left, column) in old.columns.iter().enumerate() {
        if column.name.starts_with('_') || unlike.contains(&&*column.name) {
            continue;
        }
        if let Some((right, other)) = new.column(&column.name)
            && other.kind == column.kind
        {
            columns.push((left, right, column.name.clone()));
        }
    }
    columns
}

fn difference(column: &str, old: Option<&Value>, new: Option<&Value>) -> FieldDifference {
    let text = |value: Option<&Value>| value.map(|value| format!("{value:?}"));
    FieldDifference { column: column.to_owned(), old: text(old), new: text(new) }
}
