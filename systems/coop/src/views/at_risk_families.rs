use watershed::prelude::*;

use crate::family::{ContactMethod, FamilyEvent, RiskFactors, RiskTier};

/// A family that may leave, with what a coordinator needs for calling it.
///
/// Every enrolled family has a row; those below a risk score of 70 are not shown. So a family that comes back to the
/// list comes back with its name and its last contact.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(
    name = "at_risk_families",
    version = 1,
    on(FamilyEvent),
    show = |r| r.risk_score >= 70,
    index(intervention_priority desc, risk_score desc)
)]
#[contract(owner = "coordinators", fresh = operational(2s), reconcile = sample(1h), unknown = park, personal)]
pub struct AtRiskFamily {
    /// The family.
    #[key(stream)]
    pub family_id: String,
    /// What it is called.
    pub family_name: Personal<String>,

    /// How likely it is to leave, from 70 to 100.
    pub risk_score: i64,
    /// The same in steps.
    pub risk_tier: RiskTier,
    /// What the score was made of.
    #[json]
    pub risk_factors: RiskFactors,

    /// What a coordinator should do.
    pub recommended_intervention: Option<String>,
    /// How urgent that is, from 1 to 4.
    pub intervention_priority: i64,
    /// When the family is expected to leave.
    #[internal]
    pub predicted_withdrawal_date: Option<Date>,
    /// Days until then, as of the answer; negative where the day has passed.
    #[at_read(|r, now| r.predicted_withdrawal_date.map(|date| date.days_since(now.date())))]
    pub days_until_predicted_withdrawal: Option<i64>,

    /// When somebody last spoke with the family.
    pub last_contact_date: Option<Date>,
    /// How.
    pub last_contact_method: Option<ContactMethod>,
    /// Days since then, as of the answer.
    #[at_read(|r, now| r.last_contact_date.map(|date| now.date().days_since(date)))]
    pub days_since_contact: Option<i64>,
    /// How the family would like to be spoken with.
    pub preferred_contact_channel: Option<ContactMethod>,

    /// Who takes care of it.
    pub assigned_coordinator: Option<String>,
    /// When the row last changed.
    pub last_updated: Timestamp,
}

impl On<FamilyEvent> for AtRiskFamily {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<FamilyEvent>) -> Applied {
        match &event.data {
            FamilyEvent::Enrolled { family_name, .. } => row.put(Self::enrolled(event, family_name)),
            FamilyEvent::RiskScoreUpdated {
                old_score: _,
                new_score,
                risk_tier,
                risk_factors,
                recommended_intervention,
                intervention_priority,
                predicted_withdrawal_date,
                assigned_coordinator,
            } => {
                let family = row.get()?;
                family.risk_score = *new_score;
                family.risk_tier = *risk_tier;
                family.risk_factors.clone_from(risk_factors);
                family.recommended_intervention.clone_from(recommended_intervention);
                family.intervention_priority = *intervention_priority;
                family.predicted_withdrawal_date = *predicted_withdrawal_date;
                if assigned_coordinator.is_some() {
                    family.assigned_coordinator.clone_from(assigned_coordinator);
                }
                family.last_updated = event.recorded_at;
            }
            FamilyEvent::ContactRecorded { date, method, preferred_channel } => {
                let family = row.get()?;
                family.take_contact(*date, *method, *preferred_channel);
                family.last_updated = event.recorded_at;
            }
            // Nobody has to be kept who has left.
            FamilyEvent::Withdrawn { .. } => row.delete(),
            FamilyEvent::ChildAdded { .. }
            | FamilyEvent::DuesAssessed { .. }
            | FamilyEvent::PaymentReceived { .. }
            | FamilyEvent::EngagementScoreUpdated { .. } => {}
        }
        Ok(())
    }
}

impl AtRiskFamily {
    fn enrolled(event: &Recorded<FamilyEvent>, family_name: &Personal<String>) -> Self {
        let risk_tier = RiskTier::of_score(0);
        Self {
            family_id: event.stream.id.to_string(),
            family_name: family_name.clone(),
            risk_score: 0,
            risk_tier,
            risk_factors: RiskFactors::new(),
            recommended_intervention: None,
            intervention_priority: risk_tier.severity(),
            predicted_withdrawal_date: None,
            days_until_predicted_withdrawal: None,
            last_contact_date: None,
            last_contact_method: None,
            days_since_contact: None,
            preferred_contact_channel: None,
            assigned_coordinator: None,
            last_updated: event.recorded_at,
        }
    }

    /// A contact that is noted late does not replace a later one.
    fn take_contact(&mut self, date: Date, method: ContactMethod, preferred: Option<ContactMethod>) {
        if self.last_contact_date.is_none_or(|last| date >= last) {
            self.last_contact_date = Some(date);
            self.last_contact_method = Some(method);
        }
        self.preferred_contact_channel = preferred.or(self.preferred_contact_channel);
    }
}
