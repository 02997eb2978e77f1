//! The rollup `takings` over version 2 of `stays`.

use garage::views::Takings as Earlier;
use watershed::prelude::*;

use crate::stays::StayRow;

/// What a day brought.
#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "takings", version = 2, of = StayRow)]
pub struct Takings {
    #[group(|r| r.started.date())]
    pub day: Date,
    #[count]
    pub cars: u64,
    #[count(|r| r.inside)]
    pub still_inside: u64,
    #[sum(|r| r.paid)]
    pub money: Decimal,
    #[sum(|r| r.half_hours)]
    pub half_hours: i64,
}

impl Replaces<Earlier> for Takings {
    fn from_earlier(old: Earlier) -> Self {
        Self { day: old.day, cars: old.cars, still_inside: old.still_inside, money: old.money, half_hours: 0 }
    }
}
