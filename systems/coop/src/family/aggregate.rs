use std::collections::{BTreeMap, BTreeSet};

use watershed::prelude::*;

use super::{FamilyCommand as Command, FamilyEvent as Event, FamilyRefusal, RiskTier, checks, rules};

/// One family, as far as its decisions need to know it.
///
/// The state does not grow with a family's history: its children and the months of thirty years are its bounds, so
/// that a decision costs the same after ten thousand events as after ten. Transaction ids are not here: the log
/// itself keeps them unique, and in the whole co-op rather than in one family.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    pub(super) enrolled_on: Option<Date>,
    pub(super) withdrawn_on: Option<Date>,
    pub(super) children: BTreeSet<Child>,
    pub(super) due_dates: BTreeMap<Month, Date>,
    pub(super) engagement_score: i64,
    pub(super) risk_score: i64,
}

/// A child, told apart from its siblings by name and birth date.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Child {
    pub(super) name: Personal<String>,
    pub(super) birth_date: Personal<Date>,
}

impl Aggregate for Family {
    type Command = Command;
    type Event = Event;
    type Refusal = FamilyRefusal;

    /// Each command passes its rule (`rules.rs`) and leads to one event.
    fn decide(&self, command: &Command, cx: &Cx) -> Decided<Self> {
        let event = match command {
            Command::EnrollFamily {
                family_id: _,
                family_name,
                enrollment_date,
                parent_name,
                email,
                phone,
            } => {
                self.may_enroll(family_name, parent_name, email, phone)?;
                Event::Enrolled {
                    family_name: family_name.clone(),
                    enrollment_date: *enrollment_date,
                    parent_name: parent_name.clone(),
                    email: email.clone(),
                    phone: phone.clone(),
                }
            }
            Command::AddChild { family_id: _, child_name, birth_date } => {
                self.may_add_child(child_name, birth_date, cx.now().date())?;
                Event::ChildAdded { child_name: child_name.clone(), birth_date: birth_date.clone() }
            }
            Command::AssessDues { family_id: _, month, amount, due_date } => {
                self.may_owe(*month, *due_date)?;
                let amount = checks::amount(*amount)?;
                Event::DuesAssessed { month: *month, amount, due_date: *due_date }
            }
            Command::ReceivePayment { family_id: _, amount, date, payment_method, transaction_id, month } => {
                let month = month.unwrap_or(date.month());
                self.may_pay(month, *date, transaction_id)?;
                Event::PaymentReceived {
                    month,
                    amount: checks::amount(*amount)?,
                    date: *date,
                    payment_method: *payment_method,
                    transaction_id: transaction_id.clone(),
                    days_late: self.days_late(month, *date),
                }
            }
            Command::UpdateEngagementScore { family_id: _, old_score, new_score, factors } => {
                self.may_be_engaged(*old_score, *new_score, factors)?;
                Event::EngagementScoreUpdated {
                    old_score: self.engagement_score,
                    new_score: *new_score,
                    factors: factors.clone(),
                }
            }
            Command::UpdateRiskScore {
                family_id: _,
                old_score,
                new_score,
                risk_tier,
                risk_factors,
                recommended_intervention,
                predicted_withdrawal_date,
                assigned_coordinator,
            } => {
                self.may_be_at_risk(*old_score, *new_score)?;
                rules::intervention(recommended_intervention.as_deref(), assigned_coordinator.as_deref())?;
                let risk_tier = risk_tier.unwrap_or(RiskTier::of_score(*new_score));
                Event::RiskScoreUpdated {
                    old_score: self.risk_score,
                    new_score: *new_score,
                    risk_tier,
                    risk_factors: risk_factors.clone(),
                    recommended_intervention: recommended_intervention.clone(),
                    intervention_priority: risk_tier.severity(),
                    predicted_withdrawal_date: *predicted_withdrawal_date,
                    assigned_coordinator: assigned_coordinator.clone(),
                }
            }
            Command::RecordContact { family_id: _, date, method, preferred_channel } => {
                self.member_since()?;
                Event::ContactRecorded { date: *date, method: *method, preferred_channel: *preferred_channel }
            }
            Command::WithdrawFamily { family_id: _, date, reason } => {
                self.may_withdraw(*date, reason.as_deref())?;
                Event::Withdrawn { date: *date, reason: reason.clone() }
            }
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Enrolled { enrollment_date, .. } => self.enrolled_on = Some(*enrollment_date),
            Event::ChildAdded { child_name, birth_date } => {
                self.children.insert(Child { name: child_name.clone(), birth_date: birth_date.clone() });
            }
            Event::DuesAssessed { month, due_date, .. } => {
                self.due_dates.insert(*month, *due_date);
            }
            Event::EngagementScoreUpdated { new_score, .. } => self.engagement_score = *new_score,
            Event::RiskScoreUpdated { new_score, .. } => self.risk_score = *new_score,
            Event::Withdrawn { date, .. } => self.withdrawn_on = Some(*date),
            // No later decision depends on these.
            Event::PaymentReceived { .. } | Event::ContactRecorded { .. } => {}
        }
    }

    fn storage() -> Storage<Self> {
        Storage::snapshots(500)
    }
}
