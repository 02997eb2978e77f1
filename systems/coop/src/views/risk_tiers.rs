use watershed::prelude::*;

use super::FamilyDetail;
use crate::family::{RiskTier, Status};

/// The enrolled families of one risk tier, taken together.
#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "risk_tiers", version = 1, of = FamilyDetail, filter = |r| r.status == Status::Enrolled)]
pub struct RiskTiers {
    /// The tier.
    #[group]
    pub risk_tier: RiskTier,
    /// The tier as a number, from 1 (low) to 4 (critical), to sort by: words sort by their letters.
    #[group(|r| r.risk_tier.severity())]
    pub severity: i64,
    /// How many families.
    #[count]
    pub count: u64,
    /// Their mean engagement score.
    #[avg(|r| r.engagement_score)]
    pub avg_engagement: Option<Decimal>,
    /// Their mean risk score.
    #[avg(|r| r.risk_score)]
    pub avg_risk: Option<Decimal>,
}
