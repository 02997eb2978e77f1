//! Short ways of writing values in tests. Each panics where the text is not what it should be: a test is wrong then.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use watershed_core::{Date, Decimal, Month, Principal, Tenant, Timestamp};

use crate::fail;

#[track_caller]
fn read<T: FromStr<Err: Display>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| fail(format!("{error}")))
}

/// The day that `text` writes: `date("2024-09-01")`.
#[must_use]
#[track_caller]
pub fn date(text: &str) -> Date {
    read(text)
}

/// The month that `text` writes: `month("2024-09")`.
#[must_use]
#[track_caller]
pub fn month(text: &str) -> Month {
    read(text)
}

/// The instant that `text` writes: `timestamp("2024-09-01T08:30:00Z")`.
#[must_use]
#[track_caller]
pub fn timestamp(text: &str) -> Timestamp {
    read(text)
}

/// The number that `text` writes: `decimal("12.50")`.
#[must_use]
#[track_caller]
pub fn decimal(text: &str) -> Decimal {
    read(text)
}

/// The tenant of that name.
#[must_use]
#[track_caller]
pub fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap_or_else(|| fail(format!("{name:?} cannot be the name of a tenant")))
}

/// Somebody of that name, of the default tenant, with no role.
#[must_use]
pub fn principal(name: &str) -> Principal {
    Principal { name: name.into(), ..Principal::default() }
}

/// So many times 24 hours.
#[must_use]
pub fn days(count: u32) -> Duration {
    hours(24) * count
}

/// So many hours.
#[must_use]
pub fn hours(count: u32) -> Duration {
    minutes(60) * count
}

/// So many minutes.
#[must_use]
pub fn minutes(count: u32) -> Duration {
    Duration::from_secs(60) * count
}
