//! How old a read model's rows become.
//!
//! A row is as old as the last event that changed it. What a fold sees of a row that is past its age depends on the event alone that
//! it takes: at that event's time there is no such row. So a rebuild makes of the log what the live fold has made of it, whenever
//! either came to it; when a row that nobody changes any more is deleted makes no difference to any fold.

use std::borrow::Cow;
use std::time::Duration;

use watershed_core::ports::StoredRow;
use watershed_core::read::Comparison;
use watershed_core::{
    ColumnKind, ColumnSpec, Contract, Predicate, ReadModel, Retention, TableSpec, Timestamp, Value,
};

/// The column that says when a row was last changed; behind those of the row's type.
const COLUMN: &str = "_changed_at";
/// Rows are deleted so much later than they are past their age, or an eighth of it, where that is less: the machine's
/// clock may be set back, and events bear the time of their decision, which is a moment before they are recorded.
const GRACE: Duration = Duration::from_secs(3_600);
/// How much later deleting may be than that before somebody has to look.
const LATE: Duration = Duration::from_secs(300);

/// The age beyond which rows of a read model are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age(Duration);

impl Age {
    /// The one that the contract says; none where rows are kept for ever.
    pub(crate) fn of(contract: &Contract) -> Option<Self> {
        match contract.retention {
            Retention::Forever => None,
            Retention::For(time) => Some(Self(time)),
        }
    }

    /// Whether a row that was last changed at `changed` is past its age at `now`.
    pub(crate) fn is_past(self, changed: Timestamp, now: Timestamp) -> bool {
        changed <= earlier(now, self.0)
    }

    /// [`Age::is_past`] of a stored row. One whose time cannot be read is not.
    pub(crate) fn is_past_row(self, row: &StoredRow, now: Timestamp) -> bool {
        changed_at(&row.values).is_some_and(|changed| self.is_past(changed, now))
    }

    /// Rows that were last changed at or before this are deleted.
    pub(crate) fn deleted_until(self, now: Timestamp) -> Timestamp {
        earlier(now, self.0.saturating_add(self.grace()))
    }

    /// How much later than they are past their age rows are deleted.
    pub(crate) fn grace(self) -> Duration {
        GRACE.min(self.0 / 8)
    }

    /// Whether deleting is in time, where what was past its age at `until` has been deleted.
    pub(crate) fn is_in_time(self, until: Timestamp, now: Timestamp) -> bool {
        until >= earlier(now, self.grace().saturating_add(LATE))
    }

    /// Rows that have been changed at or before that time.
    pub(crate) fn changed_until(time: Timestamp) -> Predicate {
        Predicate::Compare {
            column: Cow::Borrowed(COLUMN),
            comparison: Comparison::LessOrEqual,
            value: Value::Timestamp(time),
        }
    }

    /// Those of the rows that are not past their age then.
    pub(crate) fn young(self, predicate: Predicate, now: Timestamp) -> Predicate {
        predicate.and(Predicate::Not(Box::new(Self::changed_until(earlier(now, self.0)))))
    }
}

/// The table of a read model's rows: with the time of the last change, where they grow old.
pub(crate) fn table_of<R: ReadModel>() -> TableSpec {
    let mut table = R::table();
    if Age::of(&R::CONTRACT).is_some() {
        let column = ColumnSpec {
            name: Cow::Borrowed(COLUMN),
            kind: ColumnKind::Timestamp,
            optional: false,
            key: false,
            indexed: true,
            searched: false,
            internal: true,
        };
        table.columns = table.columns.iter().cloned().chain([column]).collect();
    }
    table
}

/// When the row with these contents, of a table with the column, was last changed.
pub(crate) fn changed_at(values: &[Value]) -> Option<Timestamp> {
    match values.last() {
        Some(Value::Timestamp(changed)) => Some(*changed),
        _ => None,
    }
}

/// That long after.
pub(super) fn later(time: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(time.as_micros().saturating_add(by))
}

/// That long before.
pub(super) fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(time.as_micros().saturating_sub(by))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_past_its_age_to_the_microsecond_and_deleted_a_little_later() {
        let age = Age(Duration::from_secs(8));
        let at = Timestamp::from_micros;
        assert!(!age.is_past(at(1), at(8_000_000)) && age.is_past(at(1), at(8_000_001)));
        assert_eq!(age.deleted_until(at(9_000_005)), at(5), "an eighth later");
        assert_eq!(Age(Duration::from_secs(86_400)).grace(), Duration::from_secs(3_600));
    }
}
