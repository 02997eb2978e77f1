//! The read side: what the co-op can be asked.
//!
//! Three read models are folded from the family's events: [`FamilyDetail`], [`AtRiskFamily`] and [`FamilyMonth`].
//! Two rollups are kept up with their rows: [`PaymentAnalytics`] over the months, [`RiskTiers`] over the families.

mod at_risk_families;
mod family_detail;
mod family_month;
mod payment_analytics;
mod risk_tiers;

pub use at_risk_families::AtRiskFamily;
pub use family_detail::FamilyDetail;
pub use family_month::FamilyMonth;
pub use payment_analytics::{MethodShare, PaymentAnalytics};
pub use risk_tiers::RiskTiers;
