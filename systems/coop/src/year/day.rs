//! What a made-up family does on a day: the commands that the co-op's people and programs send for it.

use std::time::Duration;

use watershed::prelude::*;

use super::calendar::{SchoolYear, due_date, is_school_month, month_before, number_of};
use super::dice::Dice;
use super::household::{Household, Topic};
use super::{Expected, Step, words};
use crate::family::{
    ContactMethod, EngagementFactors, Evidence, FamilyCommand, FamilyRefusal, PaymentMethod, RiskTier,
};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// One family's day, being written.
pub(super) struct Day<'a> {
    household: &'a Household,
    date: Date,
    steps: &'a mut Vec<Step>,
}

impl<'a> Day<'a> {
    /// Writes what `household` does on `date` to `steps`.
    pub(super) fn write(household: &'a Household, date: Date, year: SchoolYear, steps: &'a mut Vec<Step>) {
        let mut day = Day { household, date, steps };
        if date < household.enrolls_on {
            return;
        }
        match household.leaves_on {
            Some(last) if date > last => day.after_leaving(last),
            Some(last) if date == last => day.leave(),
            _ if date == household.enrolls_on => day.enroll(year),
            _ => day.live(),
        }
    }

    fn live(&mut self) {
        let month = self.date.month();
        if self.date.day() == 1 && self.household.owes(month) {
            self.owe(month);
        }
        for month in [month_before(month), month] {
            if self.household.owes(month) && self.household.pays_on(month) == Some(self.date) {
                self.pay(month);
            }
        }
        if is_school_month(month) {
            self.watch(month);
        }
    }

    fn enroll(&mut self, year: SchoolYear) {
        let household = self.household;
        let (surname, parent) = (household.surname(), household.parent());
        let address = format!("{parent}.{surname}{}@example.org", household.number);
        let command = FamilyCommand::EnrollFamily {
            family_id: household.id(),
            family_name: format!("{surname} Family").into(),
            enrollment_date: self.date,
            parent_name: Some(format!("{parent} {surname}").into()),
            email: Some(address.to_lowercase().replace('\'', "").into()),
            phone: Some(format!("555-01{:02}", household.number % 100).into()),
        };
        self.send(9 * HOUR, "enroll", command.clone());
        for number in 0..household.children {
            let (name, born) = household.child(number, year);
            let command = FamilyCommand::AddChild {
                family_id: household.id(),
                child_name: Personal::from(name),
                birth_date: born.into(),
            };
            let at = 9 * HOUR + (5 + i64::from(number)) * MINUTE;
            self.send(at, &format!("child-{number}"), command);
        }
        if household.dice(Topic::Mishap, 0).chance(10) {
            self.refused(10 * HOUR, "enroll-again", command, FamilyRefusal::AlreadyEnrolled);
        }
    }

    fn owe(&mut self, month: Month) {
        let command = FamilyCommand::AssessDues {
            family_id: self.household.id(),
            month,
            amount: self.household.dues(),
            due_date: due_date(month),
        };
        self.send(6 * HOUR, &format!("dues-{month}"), command.clone());
        if self.mishap(month, 1, 3) {
            let again = FamilyRefusal::DuesAlreadyAssessed { month };
            self.refused(7 * HOUR, &format!("dues-{month}-again"), command, again);
        }
    }

    fn pay(&mut self, month: Month) {
        let (dues, method) = (self.household.dues(), self.household.method);
        if self.mishap(month, 2, 3) {
            let nothing = self.payment(month, "zero", Decimal::ZERO, method);
            let key = format!("pay-{month}-zero");
            self.refused(10 * HOUR, &key, nothing, FamilyRefusal::AmountNotPositive);
        }
        let in_cash = Decimal::new(40_00, 2);
        let in_two_parts = self.mishap(month, 3, 40);
        let amount = if in_two_parts { dues - in_cash } else { dues };
        let payment = self.payment(month, "a", amount, method);
        let key = format!("pay-{month}");
        self.send(11 * HOUR, &key, payment.clone());
        if self.mishap(month, 4, 20) {
            self.step(11 * HOUR + 40, &key, payment.clone(), Expected::Replayed);
        }
        if in_two_parts {
            let rest = self.payment(month, "b", in_cash, PaymentMethod::Cash);
            self.send(12 * HOUR, &format!("pay-{month}-rest"), rest);
        }
        if self.mishap(month, 5, 7) {
            // The bank's file is loaded twice: another request, the same transaction.
            self.step(14 * HOUR, &format!("bank-{month}"), payment, Expected::TransactionTaken);
        }
    }

    fn payment(
        &self,
        month: Month,
        part: &str,
        amount: Decimal,
        payment_method: PaymentMethod,
    ) -> FamilyCommand {
        FamilyCommand::ReceivePayment {
            family_id: self.household.id(),
            amount,
            date: self.date,
            payment_method,
            transaction_id: format!("txn-{:05}-{month}-{part}", self.household.number),
            // A payment in the month itself needs no word about it.
            month: (month != self.date.month()).then_some(month),
        }
    }

    /// The scores of the month, and what coordinators do about them.
    fn watch(&mut self, month: Month) {
        let mut dice = self.household.dice(Topic::Contact, number_of(month));
        let scored_on = dice.between(8, 14);
        let assessed_on = scored_on + dice.between(1, 5);
        let called_on = assessed_on + dice.between(1, 5);
        match i64::from(self.date.day()) {
            day if day == scored_on => self.score_engagement(month),
            day if day == assessed_on => self.assess_risk(month),
            day if day == called_on && self.household.risk(month) >= 70 => self.contact(dice),
            // Now and then somebody is spoken with for no reason.
            25 if dice.chance(120) => self.contact(dice),
            _ => {}
        }
    }

    fn contact(&mut self, mut dice: Dice) {
        let command = FamilyCommand::RecordContact {
            family_id: self.household.id(),
            date: self.date,
            method: dice.pick(ContactMethod::ALL),
            preferred_channel: dice.chance(300).then(|| dice.pick(ContactMethod::ALL)),
        };
        self.send(15 * HOUR, &format!("contact-{}", self.date), command);
    }

    fn score_engagement(&mut self, month: Month) {
        let score = self.household.engagement(month);
        let command = FamilyCommand::UpdateEngagementScore {
            family_id: self.household.id(),
            old_score: None,
            new_score: score,
            factors: EngagementFactors {
                last_login_date: Some(self.date.plus_days((score - 100) / 8)),
                volunteer_hours: Some(self.date.days_since(self.household.enrolls_on) * score / 1_000),
                event_attendance_rate: Some(Decimal::new(score * 95 + 250, 2)),
            },
        };
        self.send(18 * HOUR, &format!("engagement-{month}"), command);
    }

    fn assess_risk(&mut self, month: Month) {
        let score = self.household.risk(month);
        let tier = RiskTier::of_score(score);
        let mut dice = self.household.dice(Topic::Leaving, number_of(month));
        let (advice, within) = match tier {
            RiskTier::Critical => (Some("call within two days"), Some(30)),
            RiskTier::High => (Some("invite for a talk"), Some(75)),
            RiskTier::Medium => (Some("write a friendly note"), None),
            RiskTier::Low => (None, None),
        };
        let worry = self.household.payment_worry(month);
        let disengaged = 100 - self.household.engagement(month);
        let factors = [("disengagement", disengaged), ("late_payments", worry)];
        let command = FamilyCommand::UpdateRiskScore {
            family_id: self.household.id(),
            old_score: None,
            new_score: score,
            risk_tier: Some(tier),
            risk_factors: factors
                .into_iter()
                .filter(|(_, points)| *points > 0)
                .map(|(factor, points)| (factor.to_owned(), Evidence::Points(points)))
                .collect(),
            recommended_intervention: advice.map(str::to_owned),
            predicted_withdrawal_date: within.map(|days| self.date.plus_days(days + dice.between(0, 30))),
            assigned_coordinator: within.map(|_| dice.pick(&words::COORDINATORS).to_owned()),
        };
        self.send(19 * HOUR, &format!("risk-{month}"), command);
    }

    fn leave(&mut self) {
        let command = FamilyCommand::WithdrawFamily {
            family_id: self.household.id(),
            date: self.date,
            reason: Some(self.household.dice(Topic::Leaving, 0).pick(&words::REASONS).to_owned()),
        };
        self.send(16 * HOUR, "withdraw", command);
    }

    /// A standing order that nobody stopped.
    fn after_leaving(&mut self, last: Date) {
        if self.date.days_since(last) == 3 && self.household.dice(Topic::Mishap, 1).chance(500) {
            let month = self.date.month();
            let late = self.payment(month, "late", self.household.dues(), self.household.method);
            let gone = FamilyRefusal::Withdrawn { date: last };
            self.refused(11 * HOUR, "pay-after-leaving", late, gone);
        }
    }

    /// Whether the mishap of that number happens in the month: `permille` times in a thousand.
    fn mishap(&self, month: Month, number: u64, permille: i64) -> bool {
        let of = number_of(month) * 16 + number;
        self.household.dice(Topic::Mishap, of).chance(permille)
    }

    fn send(&mut self, at: i64, key: &str, command: FamilyCommand) {
        self.step(at, key, command, Expected::Accepted);
    }

    fn refused(&mut self, at: i64, key: &str, command: FamilyCommand, refusal: FamilyRefusal) {
        self.step(at, key, command, Expected::Refused(refusal));
    }

    /// `at` is in seconds of the day; each family has its own minute, so that the day's traffic is spread.
    fn step(&mut self, at: i64, key: &str, command: FamilyCommand, expected: Expected) {
        let minute = i64::from(self.household.number % 240) * 15;
        let since_midnight = Duration::from_secs((at + minute).unsigned_abs());
        self.steps.push(Step {
            at: Timestamp::at_start_of(self.date).plus(since_midnight),
            key: format!("{}-{key}", self.household.id()),
            command,
            expected,
        });
    }
}
