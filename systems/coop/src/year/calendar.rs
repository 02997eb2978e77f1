//! The days and months of a school year.

use watershed::prelude::*;

/// From 15 August of one year to 31 July of the next (30 July in a leap year); dues are owed for September to June.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SchoolYear {
    first_day: Date,
}

const DAYS: i64 = 351;

impl Default for SchoolYear {
    /// The school year 2024/25.
    fn default() -> Self {
        const FIRST_DAY: Timestamp = Timestamp::from_micros(1_723_680_000_000_000); // 2024-08-15T00:00:00Z
        Self { first_day: FIRST_DAY.date() }
    }
}

impl SchoolYear {
    /// The school year that starts in `year`; `None` where the calendar does not hold it.
    pub(super) fn starting_in(year: i16) -> Option<Self> {
        Month::new(year.checked_add(1)?, 7)?;
        Date::new(year, 8, 15).map(|first_day| Self { first_day })
    }

    /// Its day of that number, from 0.
    pub(super) fn day(self, number: i64) -> Date {
        self.first_day.plus_days(number)
    }

    pub(super) fn last_day(self) -> Date {
        self.day(DAYS - 1)
    }
}

/// Whether dues are owed for the month.
pub(super) fn is_school_month(month: Month) -> bool {
    !matches!(month.number(), 7 | 8)
}

/// The month before this one.
pub(super) fn month_before(month: Month) -> Month {
    month.first_day().plus_days(-1).month()
}

/// Months as numbers, one after the other.
pub(super) fn number_of(month: Month) -> u64 {
    // invariant: years run from 0
    u64::from(month.year().unsigned_abs()) * 12 + u64::from(month.number())
}

/// The last day on which dues for the month are on time.
pub(super) fn due_date(month: Month) -> Date {
    month.first_day().plus_days(4)
}
