//! Rollups over the detail of each family, for the cost of keeping them up.
//!
//! Each of the three counts the events of its families, so that every event changes a group of each, and some events move a
//! family from one group to another.

use serde::{Deserialize, Serialize};
use watershed::core::Decimal;
use watershed::prelude::{Applied, Date, JsonSchema, On, ReadModel, Recorded, Rollup, Slot, Top};

use coop::family::{FamilyEvent, RiskTier};
use coop::views::FamilyDetail;

/// All families in one group, with about as many different values as there are families: the case that a group's state is paged for.
#[derive(Rollup, Serialize, Deserialize, JsonSchema)]
#[rollup(name = "bench_everybody", version = 1, of = FamilyDetail)]
pub(super) struct Everybody {
    #[group(|_| "all".to_owned())]
    scope: String,
    #[quantile(0.5, |r| r.total_paid)]
    median_paid: Option<Decimal>,
    #[top(10, |r| scattered(&r.family_id), by = |r| r.total_paid)]
    best_payers: Vec<Top<String, Decimal>>,
}

/// The id from its end: events go through the families in the order of their ids, and are not to find their values beside each other.
fn scattered(family_id: &str) -> String {
    family_id.chars().rev().collect()
}

/// What each family has paid, in the transaction of the payment.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "bench_paid", version = 1, on(FamilyEvent))]
#[contract(owner = "bench", fresh = inline)]
pub(super) struct Paid {
    #[key(stream)]
    family_id: String,
    paid: Decimal,
}

impl On<FamilyEvent> for Paid {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<FamilyEvent>) -> Applied {
        let family_id = event.stream.id.to_string();
        let row = row.get_or_put_with(|| Self { family_id, paid: Decimal::ZERO });
        if let FamilyEvent::PaymentReceived { amount, .. } = &event.data {
            row.paid += *amount;
        }
        Ok(())
    }
}

/// [`Everybody`] in the transaction of the payment.
#[derive(Rollup, Serialize, Deserialize, JsonSchema)]
#[rollup(name = "bench_paid_by_all", version = 1, of = Paid)]
pub(super) struct PaidByAll {
    #[group(|_| "all".to_owned())]
    scope: String,
    #[quantile(0.5, |r| r.paid)]
    median_paid: Option<Decimal>,
    #[top(10, |r| scattered(&r.family_id), by = |r| r.paid)]
    best_payers: Vec<Top<String, Decimal>>,
}

/// By risk tier.
#[derive(Rollup, Serialize, Deserialize, JsonSchema)]
#[rollup(name = "bench_tiers", version = 1, of = FamilyDetail)]
pub(super) struct Tiers {
    #[group]
    risk_tier: RiskTier,
    #[count]
    families: u64,
    #[sum(|r| r.event_version)]
    events: u64,
    #[avg(|r| r.engagement_score)]
    engagement: Option<Decimal>,
}

/// By the month of the last payment.
#[derive(Rollup, Serialize, Deserialize, JsonSchema)]
#[rollup(name = "bench_payers", version = 1, of = FamilyDetail)]
pub(super) struct Payers {
    #[group(|r| r.last_payment_date.map_or_else(|| "never".to_owned(), |date| date.month().to_string()))]
    last_paid: String,
    #[count]
    families: u64,
    #[sum(|r| r.event_version)]
    events: u64,
    #[sum(|r| r.total_paid)]
    paid: Decimal,
    #[quantile(0.5, |r| r.total_days_late)]
    median_days_late: Option<i64>,
}

/// By how engaged they are.
#[derive(Rollup, Serialize, Deserialize, JsonSchema)]
#[rollup(name = "bench_engagement", version = 1, of = FamilyDetail)]
pub(super) struct Engagement {
    #[group(|r| r.engagement_score / 5)]
    step: i64,
    #[count]
    families: u64,
    #[sum(|r| r.event_version)]
    events: u64,
    #[max(|r| r.last_login_date)]
    last_login: Option<Date>,
    #[distinct(|r| r.volunteer_hours)]
    different_hours: u64,
}
