use serde::Serialize;
use watershed_core::ports::RowKey;

use super::Subject;
use crate::projector::{Difference, FieldDrift, Regrouped, fields};

/// In which way a row is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DriftKind {
    /// Fields hold something else than the fold of the log, or than what a rollup's rows make.
    Edited,
    /// It should be there, and is not.
    Missing,
    /// It is there, and should not be.
    Extra,
    /// An event of the key does not apply, and nobody knows: it was passed over, or the key's parking was lost.
    NotParked,
    /// A check of the business does not hold.
    Check,
}

/// Something that was found.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// The place of the row's table in its group.
    pub(crate) table: usize,
    pub(crate) key: RowKey,
    pub(crate) kind: DriftKind,
    /// The check's name, where it is one.
    pub(crate) check: Option<&'static str>,
    pub(crate) fields: Vec<FieldDrift>,
    pub(crate) problem: Option<String>,
}

impl Finding {
    /// A row that differs.
    pub(super) fn different(subject: &Subject, table: usize, difference: &Difference) -> Self {
        let (kind, fields) = match (&difference.stored, &difference.expected) {
            (Some(stored), Some(expected)) => {
                (DriftKind::Edited, fields(subject.spec(table), stored, expected))
            }
            (Some(_), None) => (DriftKind::Extra, Vec::new()),
            (None, _) => (DriftKind::Missing, Vec::new()),
        };
        let fields =
            if subject.is_personal(table) { fields.into_iter().map(hidden).collect() } else { fields };
        Self { table, key: difference.key.clone(), kind, check: None, fields, problem: None }
    }

    /// Groups of a rollup that differ, or pages of their values.
    pub(super) fn regrouped(subject: &Subject, found: &Regrouped) -> Vec<Self> {
        let (rollup, is_own) = (found.rollup, found.table == found.rollup);
        let different = |group: &Difference| {
            if is_own {
                return Self::different(subject, rollup, group);
            }
            Self {
                table: rollup,
                key: group.key.clone(),
                kind: DriftKind::Edited,
                check: None,
                fields: Vec::new(),
                problem: Some("the values of its group are not those of its rows".to_owned()),
            }
        };
        found.different.iter().map(different).collect()
    }

    /// A key that should be parked.
    pub(super) fn not_parked(table: usize, key: RowKey, position: u64, error: &str) -> Self {
        let problem = format!("event {position} does not apply: {error}");
        Self {
            table,
            key,
            kind: DriftKind::NotParked,
            check: None,
            fields: Vec::new(),
            problem: Some(problem),
        }
    }

    /// A check that does not hold.
    pub(super) fn check(table: usize, key: RowKey, check: &'static str, problem: String) -> Self {
        Self {
            table,
            key,
            kind: DriftKind::Check,
            check: Some(check),
            fields: Vec::new(),
            problem: Some(problem),
        }
    }
}

/// What a view with personal data holds is nobody's business but its readers'.
fn hidden(field: FieldDrift) -> FieldDrift {
    FieldDrift { stored: "(personal)".to_owned(), expected: "(personal)".to_owned(), ..field }
}
