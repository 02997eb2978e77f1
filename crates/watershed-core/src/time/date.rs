use std::fmt;
use std::str::FromStr;

use super::{Month, ParseTimeError, text_form};

/// A day of the proleptic Gregorian calendar, without time or zone. Text form `2024-09-01`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day, or `None` where the calendar has no such day. Years run from 0 to 9999.
    #[must_use]
    pub fn new(year: i16, month: u8, day: u8) -> Option<Self> {
        if !(0..=9999).contains(&year) {
            return None;
        }
        jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        Some(Self { year, month, day })
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.year
    }

    /// The month that the day lies in.
    #[must_use]
    pub fn month(self) -> Month {
        Month::of(self)
    }

    /// The month's number, 1 to 12.
    #[must_use]
    pub fn month_number(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> u8 {
        self.day
    }

    /// Whole days from `earlier` to this day; negative where this day is the earlier one.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        self.day_number() - earlier.day_number()
    }

    /// Whole years from `earlier` to this day, as ages are counted; 0 where this day is the earlier one.
    #[must_use]
    pub fn years_since(self, earlier: Self) -> i64 {
        let before_anniversary = (self.month, self.day) < (earlier.month, earlier.day);
        (i64::from(self.year - earlier.year) - i64::from(before_anniversary)).max(0)
    }

    /// The day that lies `days` later (earlier where negative), held at the calendar's ends.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self::from_day_number(self.day_number().saturating_add(days))
    }

    /// Days since 1970-01-01. Source of the algorithm: Howard Hinnant, "chrono-compatible low-level date
    /// algorithms", `days_from_civil`.
    pub(crate) fn day_number(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The inverse of [`Date::day_number`] (`civil_from_days`), held within years 0 to 9999.
    pub(crate) fn from_day_number(number: i64) -> Self {
        const FIRST: i64 = -719_528; // 0000-01-01
        const LAST: i64 = 2_932_896; // 9999-12-31
        let shifted = number.clamp(FIRST, LAST) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        // invariant: the clamp above bounds all three
        Self { year: year as i16, month: month as u8, day: day as u8 }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Date {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseTimeError::new(text, "date", "2024-09-01");
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(wrong());
        }
        let year = digits(&bytes[0..4]).ok_or_else(wrong)?;
        let month = digits(&bytes[5..7]).ok_or_else(wrong)?;
        let day = digits(&bytes[8..10]).ok_or_else(wrong)?;
        Self::new(year, month as u8, day as u8).ok_or_else(wrong)
    }
}

/// The number that a run of at most four ASCII digits writes.
pub(super) fn digits(bytes: &[u8]) -> Option<i16> {
    bytes
        .iter()
        .try_fold(0_i16, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0')))
}

text_form!(Date, "date", "2024-09-01");
