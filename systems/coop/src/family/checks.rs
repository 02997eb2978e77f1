//! What a value must be like whatever the family's state is.

use watershed::prelude::*;

use super::{EngagementFactors, FamilyRefusal as No};

pub(super) type Checked = Result<(), No>;

/// A text that may not be blank, nor longer than `limit` characters.
pub(super) fn required(field: &'static str, text: &str, limit: usize, missing: No) -> Checked {
    if text.trim().is_empty() {
        return Err(missing);
    }
    at_most(field, text, limit)
}

/// A text that may be absent, but not longer than `limit` characters.
pub(super) fn optional(field: &'static str, text: Option<&str>, limit: usize) -> Checked {
    text.map_or(Ok(()), |text| at_most(field, text, limit))
}

fn at_most(field: &'static str, text: &str, limit: usize) -> Checked {
    // Bytes first: a text that is short in bytes needs no counting.
    if text.len() > limit && text.chars().count() > limit {
        return Err(No::TextTooLong { field, limit });
    }
    Ok(())
}

/// Only what no address lacks: the one proof of an address is an answer to a letter.
pub(super) fn email(address: &str) -> Checked {
    match address.split_once('@') {
        Some((name, domain)) if !name.trim().is_empty() && !domain.trim().is_empty() => Ok(()),
        _ => Err(No::EmailImplausible),
    }
}

/// The amount with its cents written out (`12` as `12.00`): above zero, without fractions of a cent, and not too large
/// for a column of `DECIMAL(10,2)`.
pub(super) fn amount(amount: Decimal) -> Result<Decimal, No> {
    let limit = Decimal::new(9_999_999_999, 2);
    if !amount.is_positive() {
        return Err(No::AmountNotPositive);
    }
    if amount > limit {
        return Err(No::AmountTooLarge { limit });
    }
    let cents = (amount * Decimal::from(100)).to_i64().ok_or(No::AmountNotInCents)?;
    Ok(Decimal::new(cents, 2))
}

/// From 0 to 100; and where the caller says what the score was, it must still be so.
pub(super) fn score(new: i64, believed: Option<i64>, present: i64) -> Checked {
    if !(0..=100).contains(&new) {
        return Err(No::ScoreOutOfRange);
    }
    if believed.is_some_and(|believed| believed != present) {
        return Err(No::ScoreMoved { present });
    }
    Ok(())
}

/// Hours that are not negative, and a rate that is a percentage.
pub(super) fn factors(factors: &EngagementFactors) -> Checked {
    if factors.volunteer_hours.is_some_and(|hours| hours < 0) {
        return Err(No::VolunteerHoursNegative);
    }
    let percentage =
        |rate: Decimal| rate >= Decimal::ZERO && rate <= Decimal::from(100) && rate == rate.rounded(2);
    if factors.event_attendance_rate.is_none_or(percentage) { Ok(()) } else { Err(No::AttendanceOutOfRange) }
}
