use watershed::prelude::*;

/// Whether a family takes part in the co-op.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It does.
    Enrolled,
    /// It no longer does.
    Withdrawn,
}

/// How likely a family is to leave, in four steps.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskTier {
    /// Score below 40.
    Low,
    /// Score from 40.
    Medium,
    /// Score from 70.
    High,
    /// Score from 85.
    Critical,
}

impl RiskTier {
    /// The tier that a score falls in, for whoever gives a score and no tier.
    #[must_use]
    pub fn of_score(score: i64) -> Self {
        match score {
            85.. => Self::Critical,
            70.. => Self::High,
            40.. => Self::Medium,
            _ => Self::Low,
        }
    }

    /// From 1 (low) to 4 (critical): what lists of tiers and of interventions are sorted by.
    #[must_use]
    pub fn severity(self) -> i64 {
        match self {
            Self::Low => 1,
            Self::Medium => 2,
            Self::High => 3,
            Self::Critical => 4,
        }
    }
}

/// How a payment was made.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentMethod {
    /// By credit or debit card.
    Card,
    /// From account to account.
    BankTransfer,
    /// By check.
    Check,
    /// In notes and coins.
    Cash,
    /// In another way.
    Other,
}

/// How a family is spoken with.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContactMethod {
    /// By e-mail.
    Email,
    /// By telephone.
    Phone,
    /// By text message.
    Sms,
    /// Face to face.
    InPerson,
    /// In a video call.
    Video,
}
