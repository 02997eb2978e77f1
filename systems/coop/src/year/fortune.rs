//! How a made-up family fares: when it pays, how engaged it is, how likely to leave.

use watershed::prelude::*;

use super::calendar::{due_date, is_school_month, month_before, number_of};
use super::household::{Habit, Household, Topic};

impl Household {
    /// Whether it owes dues for the month: it was there on the first.
    pub(super) fn owes(&self, month: Month) -> bool {
        let first = month.first_day();
        is_school_month(month) && self.enrolls_on < first && self.leaves_on.is_none_or(|last| first < last)
    }

    /// When it pays for the month; some never do.
    pub(super) fn pays_on(&self, month: Month) -> Option<Date> {
        let mut dice = self.dice(Topic::Payment, number_of(month));
        let luck = dice.between(0, 99);
        let early = due_date(month).plus_days(-dice.between(0, 4));
        let late = |from, to, mut dice: super::dice::Dice| due_date(month).plus_days(dice.between(from, to));
        match self.habit {
            Habit::Punctual if luck < 96 => Some(early),
            Habit::Punctual => Some(late(1, 6, dice)),
            Habit::Late if luck < 35 => Some(early),
            Habit::Late => Some(late(2, 24, dice)),
            Habit::Forgetful if luck < 30 => None,
            Habit::Forgetful if luck < 60 => Some(early),
            Habit::Forgetful => Some(late(5, 33, dice)),
        }
    }

    /// Points of worry about its payments: none on time, some late, more not at all.
    pub(super) fn payment_worry(&self, month: Month) -> i64 {
        let worry = |month: Month| match self.pays_on(month) {
            _ if !self.owes(month) => 0,
            Some(date) if date <= due_date(month) => 0,
            Some(_) => 8,
            None => 14,
        };
        worry(month) + worry(month_before(month))
    }

    /// From 0 to 100. Every family has its own level and its own trend over the year.
    pub(super) fn engagement(&self, month: Month) -> i64 {
        let mut character = self.dice(Topic::Mood, 0);
        let (level, trend) = (character.between(48, 97), character.between(-4, 3));
        let months = i64::try_from(number_of(month)).unwrap_or(0)
            - i64::try_from(number_of(self.enrolls_on.month())).unwrap_or(0);
        let leaving = match self.leaves_on {
            Some(last) if last.days_since(month.first_day()) < 90 => -30,
            _ => 0,
        };
        let noise = self.dice(Topic::Score, number_of(month)).between(-6, 6);
        (level + trend * months + leaving + noise - self.payment_worry(month) / 2).clamp(0, 100)
    }

    /// From 0 to 100: what is missing in engagement, and the worry about payments.
    pub(super) fn risk(&self, month: Month) -> i64 {
        let noise = self.dice(Topic::Score, number_of(month)).between(0, 8);
        (94 - self.engagement(month) + self.payment_worry(month) + noise).clamp(0, 100)
    }
}
