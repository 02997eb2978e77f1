use std::fmt;
use std::str::FromStr;

use super::date::digits;
use super::{Date, ParseTimeError, text_form};

/// A month of a year. Text form `2024-09`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: u8,
}

impl Month {
    /// The month, or `None` where `month` is not 1 to 12 or `year` not 0 to 9999.
    #[must_use]
    pub fn new(year: i16, month: u8) -> Option<Self> {
        ((0..=9999).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// The month that `date` lies in.
    #[must_use]
    pub fn of(date: Date) -> Self {
        Self { year: date.year(), month: date.month_number() }
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.year
    }

    /// The month's number, 1 to 12.
    #[must_use]
    pub fn number(self) -> u8 {
        self.month
    }

    /// The month's first day.
    #[must_use]
    pub fn first_day(self) -> Date {
        // invariant: every month of a valid year has a first day
        Date::new(self.year, self.month, 1).unwrap_or(Date::from_day_number(0))
    }

    /// The month's last day.
    #[must_use]
    pub fn last_day(self) -> Date {
        self.next().first_day().plus_days(-1)
    }

    /// The month after this one; December 9999 has none and stays.
    #[must_use]
    pub fn next(self) -> Self {
        match (self.year, self.month) {
            (9999, 12) => self,
            (year, 12) => Self { year: year + 1, month: 1 },
            (year, month) => Self { year, month: month + 1 },
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Month {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseTimeError::new(text, "month", "2024-09");
        let bytes = text.as_bytes();
        if bytes.len() != 7 || bytes[4] != b'-' {
            return Err(wrong());
        }
        let year = digits(&bytes[0..4]).ok_or_else(wrong)?;
        let month = digits(&bytes[5..7]).ok_or_else(wrong)?;
        Self::new(year, month as u8).ok_or_else(wrong)
    }
}

text_form!(Month, "year-month", "2024-09");
