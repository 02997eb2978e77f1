use std::collections::BTreeMap;

use watershed::prelude::*;

use super::FamilyMonth;

/// One month in the books of the whole co-op: what finance reports.
///
/// Who is overdue depends on the day of the question, and no fold sees that day. So the rollup keeps how many months
/// are unsettled by due date, and the answer counts those that have passed.
#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "payment_analytics", version = 1, of = FamilyMonth)]
pub struct PaymentAnalytics {
    /// The month.
    #[group]
    pub month: Month,

    /// Families that owed or paid something for the month.
    #[count]
    pub families_active: u64,
    /// Families that settled it by its due date.
    #[count(|r| r.is_paid_on_time())]
    pub families_paid_on_time: u64,
    /// Families that settled it later.
    #[count(|r| r.is_paid_late())]
    pub families_paid_late: u64,
    /// Families that have not settled it, by due date.
    #[internal]
    #[count_by(|r| r.open_due_date().map(|date| date.to_string()))]
    pub open_by_due_date: BTreeMap<Date, u64>,
    /// Families that have not settled it though its due date has passed, as of the answer.
    #[at_read(|r, now| r.open_by_due_date.range(..now.date()).map(|(_, families)| families).sum())]
    pub families_overdue: u64,

    /// What was paid for the month.
    #[sum(|r| r.paid)]
    pub revenue_collected: Decimal,
    /// What was owed for it.
    #[sum(|r| r.expected)]
    pub revenue_expected: Decimal,
    /// What is still owed for it. What one family paid too much settles no other family's dues, so this may be more
    /// than expected less collected.
    #[sum(|r| r.outstanding)]
    pub revenue_outstanding: Decimal,

    /// How late the month was settled on average, in days, over the families that did.
    #[avg(|r| r.days_late)]
    pub avg_payment_days_late: Option<Decimal>,
    /// The median of the same.
    #[quantile(0.5, |r| r.days_late)]
    pub median_payment_days_late: Option<i64>,

    /// How many payments, by method.
    #[internal]
    #[count_by(|r| r.payments_by_method.clone())]
    pub payments_by_method: BTreeMap<String, u64>,
    /// How much was paid, by method.
    #[internal]
    #[sum_by(|r| r.paid_by_method.clone())]
    pub paid_by_method: BTreeMap<String, Decimal>,
    /// How many payments and how much, by method.
    #[at_read(|r, _| r.shares())]
    pub payment_method_breakdown: BTreeMap<String, MethodShare>,

    /// Families by the day on which something last changed for them.
    #[internal]
    #[count_by(|r| r.last_updated.date().to_string())]
    pub families_by_last_change: BTreeMap<Date, u64>,
    /// The day (UTC) on which something last changed.
    #[at_read(|r, _| r.families_by_last_change.keys().next_back().copied())]
    pub last_updated: Option<Date>,
}

/// What came in by one method.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, Default, PartialEq, Eq)]
pub struct MethodShare {
    /// How many payments.
    pub count: u64,
    /// How much.
    pub amount: Decimal,
}

impl PaymentAnalytics {
    fn shares(&self) -> BTreeMap<String, MethodShare> {
        let share = |(method, count): (&String, &u64)| {
            let amount = self.paid_by_method.get(method).copied().unwrap_or_default();
            (method.clone(), MethodShare { count: *count, amount })
        };
        self.payments_by_method.iter().map(share).collect()
    }
}
