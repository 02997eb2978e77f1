//! Who a made-up family is: what stays the same about it all year.

use watershed::prelude::*;

use super::calendar::SchoolYear;
use super::dice::Dice;
use super::words;
use crate::family::PaymentMethod;

/// How a family pays its dues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    Punctual,
    Late,
    Forgetful,
}

/// What a throw of dice is for. Each purpose has dice of its own, so that a change to one leaves the others alone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Topic {
    Character,
    Enrollment,
    Child,
    Payment,
    Mishap,
    Mood,
    Score,
    Contact,
    Leaving,
}

/// A family, as small as it can be: what it says and does is thrown again whenever it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Household {
    seed: u64,
    pub(super) number: u32,
    pub(super) enrolls_on: Date,
    pub(super) leaves_on: Option<Date>,
    pub(super) habit: Habit,
    pub(super) children: u8,
    pub(super) method: PaymentMethod,
}

impl Household {
    pub(super) fn new(seed: u64, number: u32, year: SchoolYear) -> Self {
        let mut dice = Dice::of([seed, number.into(), Topic::Character as u64]);
        let enrolls_on = match dice.between(1, 100) {
            1..=80 => year.day(dice.between(0, 16)),
            81..=92 => year.day(dice.between(17, 36)),
            _ => year.day(dice.between(45, 160)),
        };
        let leaves_on = dice.chance(50).then(|| enrolls_on.plus_days(dice.between(60, 260)));
        Self {
            seed,
            number,
            enrolls_on,
            leaves_on: leaves_on.filter(|date| *date < year.last_day()),
            habit: match dice.between(1, 100) {
                1..=72 => Habit::Punctual,
                73..=92 => Habit::Late,
                _ => Habit::Forgetful,
            },
            children: dice.pick(&[1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5]),
            method: dice.pick(&[
                PaymentMethod::Card,
                PaymentMethod::Card,
                PaymentMethod::Card,
                PaymentMethod::BankTransfer,
                PaymentMethod::BankTransfer,
                PaymentMethod::Check,
                PaymentMethod::Cash,
            ]),
        }
    }

    /// This family's dice for a purpose, and for the month, child or whatever else `of` numbers.
    pub(super) fn dice(&self, topic: Topic, of: u64) -> Dice {
        let person = Dice::of([self.seed, self.number.into(), topic as u64]).throw();
        Dice::of([person, of, 0])
    }

    pub(super) fn id(&self) -> String {
        format!("family-{:05}", self.number)
    }

    pub(super) fn surname(&self) -> &'static str {
        self.dice(Topic::Enrollment, 0).pick(&words::SURNAMES)
    }

    pub(super) fn parent(&self) -> &'static str {
        self.dice(Topic::Enrollment, 1).pick(&words::PARENTS)
    }

    /// The name and the birth date of its child of that number; siblings of one name are not excluded.
    pub(super) fn child(&self, number: u8, year: SchoolYear) -> (&'static str, Date) {
        let mut dice = self.dice(Topic::Child, number.into());
        let born = year.day(0).plus_days(-365 * dice.between(5, 16) - dice.between(0, 364));
        (dice.pick(&words::CHILDREN), born)
    }

    /// What it owes for a month.
    pub(super) fn dues(&self) -> Decimal {
        Decimal::new(80_00 + 35_00 * i64::from(self.children), 2)
    }
}
