use watershed::prelude::*;

use super::{ContactMethod, EngagementFactors, PaymentMethod, RiskFactors, RiskTier};

/// What can happen to a family. What a decision knew, its event says: no fold has to look anything up.
#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "family", prefix = "coop.family")]
pub enum FamilyEvent {
    /// The family joined the co-op.
    Enrolled {
        /// What it is called.
        family_name: Personal<String>,
        /// From which day on it belongs to the co-op.
        enrollment_date: Date,
        /// The parent to speak with.
        parent_name: Option<Personal<String>>,
        /// Where to write to.
        email: Option<Personal<String>>,
        /// Where to call.
        phone: Option<Personal<String>>,
    },
    /// A child joined with the family.
    ChildAdded {
        /// The child's name.
        child_name: Personal<String>,
        /// When the child was born.
        birth_date: Personal<Date>,
    },
    /// The family owes dues for a month.
    DuesAssessed {
        /// The month.
        month: Month,
        /// How much.
        amount: Decimal,
        /// The last day on which a payment is on time.
        due_date: Date,
    },
    /// The family paid.
    PaymentReceived {
        /// The month that the payment is for.
        month: Month,
        /// How much.
        amount: Decimal,
        /// When it was paid.
        date: Date,
        /// How it was paid.
        payment_method: PaymentMethod,
        /// The transaction's id, received once in the whole co-op.
        #[tag(once)]
        transaction_id: String,
        /// Whole days between the due date and the payment; 0 where it was on time, or no dues were assessed.
        days_late: i64,
    },
    /// The family's engagement was scored anew.
    EngagementScoreUpdated {
        /// The score before.
        old_score: i64,
        /// The score now, from 0 to 100.
        new_score: i64,
        /// What it was made of.
        factors: EngagementFactors,
    },
    /// The risk of losing the family was assessed anew.
    RiskScoreUpdated {
        /// The score before.
        old_score: i64,
        /// The score now, from 0 to 100.
        new_score: i64,
        /// The tier.
        risk_tier: RiskTier,
        /// What the score was made of.
        risk_factors: RiskFactors,
        /// What a coordinator should do.
        recommended_intervention: Option<String>,
        /// How urgent that is, from 1 to 4.
        intervention_priority: i64,
        /// When the family is expected to leave.
        predicted_withdrawal_date: Option<Date>,
        /// Who takes care of it from now on; the same as before where there is none.
        assigned_coordinator: Option<String>,
    },
    /// Somebody spoke with the family.
    ContactRecorded {
        /// When.
        date: Date,
        /// How.
        method: ContactMethod,
        /// How the family would like to be spoken with; the same as before where there is none.
        preferred_channel: Option<ContactMethod>,
    },
    /// The family left the co-op.
    Withdrawn {
        /// Its last day.
        date: Date,
        /// Why it left.
        reason: Option<String>,
    },
}
