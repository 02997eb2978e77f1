//! The questions of the co-op, by their names in its business. Each is a plan: nothing here reads anything.

use watershed::prelude::*;

use crate::views::{AtRiskFamily, FamilyDetail, PaymentAnalytics, RiskTiers};

/// Everything about one family.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "get_family")]
pub struct GetFamily {
    /// The family.
    pub family_id: String,
}

impl Query for GetFamily {
    type Answer = One<FamilyDetail>;

    fn ask(&self) -> Self::Answer {
        One::with_key(&self.family_id)
    }
}

/// The families that may leave, the most urgent first.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "list_at_risk_families")]
pub struct ListAtRiskFamilies {
    /// The smallest risk score that counts; 70 where nobody says. Below 70 a family is not on the list at all.
    #[serde(default = "seventy")]
    pub min_risk: i64,
}

fn seventy() -> i64 {
    70
}

impl Query for ListAtRiskFamilies {
    type Answer = Page<AtRiskFamily>;

    fn ask(&self) -> Self::Answer {
        Page::of(AtRiskFamily::risk_score.ge(self.min_risk))
            .sort([AtRiskFamily::intervention_priority.desc(), AtRiskFamily::risk_score.desc()])
            .limit(1_000)
    }
}

/// How many enrolled families are in each risk tier, and their mean scores; critical first.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "families_by_risk_tier")]
pub struct FamiliesByRiskTier {}

impl Query for FamiliesByRiskTier {
    type Answer = Page<RiskTiers>;

    fn ask(&self) -> Self::Answer {
        Page::all().sort([RiskTiers::severity.desc()])
    }
}

/// The books of the months from `from` to `to`, both included; the latest first.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "payment_analytics")]
pub struct GetPaymentAnalytics {
    /// The first month: `2024-09`.
    pub from: Month,
    /// The last month.
    pub to: Month,
}

impl Query for GetPaymentAnalytics {
    type Answer = Page<PaymentAnalytics>;

    fn ask(&self) -> Self::Answer {
        let months = PaymentAnalytics::month.ge(self.from).and(PaymentAnalytics::month.le(self.to));
        Page::of(months).sort([PaymentAnalytics::month.desc()]).limit(1_000)
    }
}

/// The first fifty families, by name, whose name or one of whose children's names holds the term.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "search_families")]
pub struct SearchFamilies {
    /// A part of a name, in letters of any case.
    pub term: String,
}

impl Query for SearchFamilies {
    type Answer = Page<FamilyDetail>;

    fn ask(&self) -> Self::Answer {
        let by_name = FamilyDetail::family_name.contains(&self.term);
        let by_child = FamilyDetail::children_names.contains(&self.term);
        Page::of(by_name.or(by_child)).sort([FamilyDetail::family_name.asc()]).limit(50)
    }
}
