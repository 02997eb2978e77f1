//! What a family may do, and what may be done to it: one rule for each command.

use watershed::prelude::*;

use super::aggregate::Child;
use super::checks::{self, Checked};
use super::{EngagementFactors, Family, FamilyRefusal as No};

/// The longest name, address, transaction id or recommendation, in characters.
const TEXT: usize = 200;
/// The longest name of a coordinator, in characters.
const COORDINATOR: usize = 100;
/// The longest reason for leaving, in characters.
const REASON: usize = 1_000;
/// The most children of one family.
const CHILDREN: usize = 30;
/// How old, in years, a child can be when its family enrols.
const CHILDHOOD: i64 = 21;
/// For how many years from its enrolment a family may owe and pay dues. Typing errors end here, and so does the
/// growth of the state.
const MEMBERSHIP: i16 = 30;
/// How far from the first day of its month a due date may lie, in days.
const DUE_WITHIN: i64 = 366;

impl Family {
    /// The day on which the family enrolled; a refusal where it has not, or has left.
    pub(super) fn member_since(&self) -> Result<Date, No> {
        match (self.enrolled_on, self.withdrawn_on) {
            (_, Some(date)) => Err(No::Withdrawn { date }),
            (Some(date), None) => Ok(date),
            (None, None) => Err(No::NotEnrolled),
        }
    }

    pub(super) fn may_enroll(
        &self,
        name: &str,
        parent_name: &Option<Personal<String>>,
        email: &Option<Personal<String>>,
        phone: &Option<Personal<String>>,
    ) -> Checked {
        match self.member_since() {
            Err(No::NotEnrolled) => {}
            Err(left) => return Err(left),
            Ok(_) => return Err(No::AlreadyEnrolled),
        }
        checks::required("family_name", name, TEXT, No::FamilyNameMissing)?;
        for (field, text) in [("parent_name", parent_name), ("email", email), ("phone", phone)] {
            checks::optional(field, text.as_deref().map(String::as_str), TEXT)?;
        }
        email.as_ref().map_or(Ok(()), |email| checks::email(email))
    }

    pub(super) fn may_add_child(
        &self,
        name: &Personal<String>,
        born: &Personal<Date>,
        today: Date,
    ) -> Checked {
        let enrolled_on = self.member_since()?;
        checks::required("child_name", name, TEXT, No::ChildNameMissing)?;
        if **born > today {
            return Err(No::BirthDateInFuture { today });
        }
        if enrolled_on.years_since(**born) > CHILDHOOD {
            return Err(No::BirthDateTooEarly { years: CHILDHOOD });
        }
        let child = Child { name: name.clone(), birth_date: born.clone() };
        if self.children.contains(&child) {
            return Err(No::ChildAlreadyAdded);
        }
        if self.children.len() >= CHILDREN {
            return Err(No::TooManyChildren { limit: CHILDREN });
        }
        Ok(())
    }

    pub(super) fn may_owe(&self, month: Month, due_date: Date) -> Checked {
        let enrolled_on = self.member_since()?;
        within_membership(enrolled_on, month)?;
        if self.due_dates.contains_key(&month) {
            return Err(No::DuesAlreadyAssessed { month });
        }
        if due_date.days_since(month.first_day()).abs() > DUE_WITHIN {
            return Err(No::DueDateImplausible { month });
        }
        Ok(())
    }

    pub(super) fn may_pay(&self, month: Month, date: Date, transaction_id: &str) -> Checked {
        let enrollment_date = self.member_since()?;
        checks::required("transaction_id", transaction_id, TEXT, No::TransactionIdMissing)?;
        if date < enrollment_date {
            return Err(No::PaymentBeforeEnrollment { enrollment_date });
        }
        within_membership(enrollment_date, month)
    }

    /// Whole days from the month's due date to `date`; 0 where that is no later, or nothing was assessed.
    pub(super) fn days_late(&self, month: Month, date: Date) -> i64 {
        self.due_dates.get(&month).map_or(0, |due| date.days_since(*due).max(0))
    }

    pub(super) fn may_be_engaged(&self, old: Option<i64>, new: i64, factors: &EngagementFactors) -> Checked {
        self.member_since()?;
        checks::score(new, old, self.engagement_score)?;
        checks::factors(factors)
    }

    pub(super) fn may_be_at_risk(&self, old: Option<i64>, new: i64) -> Checked {
        self.member_since()?;
        checks::score(new, old, self.risk_score)
    }

    pub(super) fn may_withdraw(&self, date: Date, reason: Option<&str>) -> Checked {
        let enrollment_date = self.member_since()?;
        if date < enrollment_date {
            return Err(No::WithdrawalBeforeEnrollment { enrollment_date });
        }
        checks::optional("reason", reason, REASON)
    }
}

/// What a coordinator is told to do, and which one.
pub(super) fn intervention(recommended: Option<&str>, coordinator: Option<&str>) -> Checked {
    checks::optional("recommended_intervention", recommended, TEXT)?;
    checks::optional("assigned_coordinator", coordinator, COORDINATOR)
}

fn within_membership(enrolled_on: Date, month: Month) -> Checked {
    let first = enrolled_on.month();
    // Where the calendar ends within those years, it is the bound itself.
    let beyond =
        Month::new(first.year().saturating_add(MEMBERSHIP), first.number()).is_some_and(|end| month >= end);
    if month < first || beyond {
        return Err(No::MonthOutOfRange { month, first, years: MEMBERSHIP });
    }
    Ok(())
}
