use watershed::runtime::Context;

use crate::family::Family;
use crate::queries::{
    FamiliesByRiskTier, GetFamily, GetPaymentAnalytics, ListAtRiskFamilies, SearchFamilies,
};
use crate::views::{AtRiskFamily, FamilyDetail, FamilyMonth, PaymentAnalytics, RiskTiers};

/// The co-op as a bounded context, ready to be started once its host has said who may do what:
/// `coop::context().policy(AllowAll)` allows everything to everybody.
pub fn context() -> Context {
    Context::new("coop")
        .aggregate::<Family>()
        .read_models::<(FamilyDetail, AtRiskFamily, FamilyMonth)>()
        .rollups::<(PaymentAnalytics, RiskTiers)>()
        .queries::<(GetFamily, ListAtRiskFamilies, FamiliesByRiskTier, GetPaymentAnalytics, SearchFamilies)>()
}
