use watershed::prelude::*;

use super::{ContactMethod, EngagementFactors, Family, PaymentMethod, RiskFactors, RiskTier};

/// What a family can be asked to do, or to take note of.
#[derive(Command, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[command(aggregate = Family, id = family_id)]
pub enum FamilyCommand {
    /// Takes a new family into the co-op. An id is made where none is given.
    EnrollFamily {
        /// The family's id, for whoever wants to choose it.
        #[id(generate)]
        family_id: String,
        /// What the family is called: `Martinez Family`.
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
    /// Adds a child to an enrolled family.
    AddChild {
        /// The family.
        family_id: String,
        /// The child's name.
        child_name: Personal<String>,
        /// When the child was born; ages are counted from it.
        birth_date: Personal<Date>,
    },
    /// Says what a family owes for a month, and until when: once for each month.
    AssessDues {
        /// The family.
        family_id: String,
        /// The month that the dues are for.
        month: Month,
        /// How much, in whole cents.
        amount: Decimal,
        /// The last day on which a payment is on time.
        due_date: Date,
    },
    /// Takes note of a payment. One transaction is received once in the whole co-op.
    ReceivePayment {
        /// The family.
        family_id: String,
        /// How much, in whole cents.
        amount: Decimal,
        /// When it was paid.
        date: Date,
        /// How it was paid.
        payment_method: PaymentMethod,
        /// The transaction's id at the bank or the card company.
        transaction_id: String,
        /// The month that it is for; that of `date` where it is left out.
        month: Option<Month>,
    },
    /// Takes a new engagement score, and what it was made of.
    UpdateEngagementScore {
        /// The family.
        family_id: String,
        /// The score that the new one was computed from; where it is given, it has to be the present one.
        old_score: Option<i64>,
        /// From 0 to 100; higher is better.
        new_score: i64,
        /// What it was made of.
        #[serde(default)]
        factors: EngagementFactors,
    },
    /// Takes a new assessment of how likely the family is to leave. It replaces the last one as a whole;
    /// only the coordinator stays until another one is assigned.
    UpdateRiskScore {
        /// The family.
        family_id: String,
        /// The score that the new one was computed from; where it is given, it has to be the present one.
        old_score: Option<i64>,
        /// From 0 to 100; higher is worse.
        new_score: i64,
        /// The tier; the one that the score falls in where it is left out.
        risk_tier: Option<RiskTier>,
        /// What it was made of.
        #[serde(default)]
        risk_factors: RiskFactors,
        /// What a coordinator should do.
        recommended_intervention: Option<String>,
        /// When the family is expected to leave.
        predicted_withdrawal_date: Option<Date>,
        /// Who takes care of it.
        assigned_coordinator: Option<String>,
    },
    /// Takes note that somebody spoke with the family.
    RecordContact {
        /// The family.
        family_id: String,
        /// When.
        date: Date,
        /// How.
        method: ContactMethod,
        /// How the family would like to be spoken with; its last wish stays where this is left out.
        preferred_channel: Option<ContactMethod>,
    },
    /// The family leaves the co-op. What it still owes stays owed.
    WithdrawFamily {
        /// The family.
        family_id: String,
        /// Its last day.
        date: Date,
        /// Why it leaves.
        reason: Option<String>,
    },
}
