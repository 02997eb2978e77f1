use std::collections::BTreeMap;

use watershed::prelude::*;

use crate::family::{FamilyEvent, PaymentMethod};

/// What one family owes and paid for one month. A row comes with the first dues or the first payment for the month,
/// whichever is earlier.
///
/// The month is *settled* once nothing is owed for it any more. How late a month was settled is how late the payment was
/// that settled it.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "family_month", version = 1, on(FamilyEvent))]
#[contract(owner = "finance", fresh = operational(5s), reconcile = sample(1h), unknown = park)]
pub struct FamilyMonth {
    /// The family.
    #[key]
    pub family_id: String,
    /// The month.
    #[key]
    #[index]
    pub month: Month,
    /// The dues; zero where none were assessed.
    pub expected: Decimal,
    /// The last day on which a payment is on time; empty where no dues were assessed.
    pub due_date: Option<Date>,
    /// The sum of the payments for the month.
    pub paid: Decimal,
    /// What is still owed.
    pub outstanding: Decimal,
    /// How late the month was settled, in days; empty until it is.
    pub days_late: Option<i64>,
    /// How many payments were made for the month, by method.
    #[json]
    pub payments_by_method: BTreeMap<PaymentMethod, i64>,
    /// What was paid for the month, by method.
    #[json]
    pub paid_by_method: BTreeMap<PaymentMethod, Decimal>,
    /// When the row last changed.
    pub last_updated: Timestamp,
}

impl On<FamilyEvent> for FamilyMonth {
    fn keys(event: &Recorded<FamilyEvent>) -> Keys<Self> {
        match &event.data {
            FamilyEvent::DuesAssessed { month, .. } | FamilyEvent::PaymentReceived { month, .. } => {
                Keys::one(Key::joined(&[&event.stream.id, month]))
            }
            // What a family owes it owes also after it has left.
            FamilyEvent::Enrolled { .. }
            | FamilyEvent::ChildAdded { .. }
            | FamilyEvent::EngagementScoreUpdated { .. }
            | FamilyEvent::RiskScoreUpdated { .. }
            | FamilyEvent::ContactRecorded { .. }
            | FamilyEvent::Withdrawn { .. } => Keys::None,
        }
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<FamilyEvent>) -> Applied {
        match &event.data {
            FamilyEvent::DuesAssessed { month, amount, due_date } => row
                .get_or_put_with(|| Self::empty(event, *month))
                .take_dues(*amount, *due_date, event.recorded_at),
            FamilyEvent::PaymentReceived { month, amount, payment_method, days_late, .. } => row
                .get_or_put_with(|| Self::empty(event, *month))
                .take_payment(*amount, *payment_method, *days_late, event.recorded_at),
            // `keys` names no row for these.
            FamilyEvent::Enrolled { .. }
            | FamilyEvent::ChildAdded { .. }
            | FamilyEvent::EngagementScoreUpdated { .. }
            | FamilyEvent::RiskScoreUpdated { .. }
            | FamilyEvent::ContactRecorded { .. }
            | FamilyEvent::Withdrawn { .. } => {}
        }
        Ok(())
    }
}

impl FamilyMonth {
    /// Whether nothing is owed for the month any more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.days_late.is_some()
    }

    /// Whether the month was settled by its due date.
    #[must_use]
    pub fn is_paid_on_time(&self) -> bool {
        self.days_late.is_some_and(|days| days <= 0)
    }

    /// Whether the month was settled after its due date.
    #[must_use]
    pub fn is_paid_late(&self) -> bool {
        self.days_late.is_some_and(|days| days > 0)
    }

    /// The due date of a month that is not settled: from the day after on, it is overdue.
    #[must_use]
    pub fn open_due_date(&self) -> Option<Date> {
        self.due_date.filter(|_| !self.is_settled())
    }

    fn empty(event: &Recorded<FamilyEvent>, month: Month) -> Self {
        Self {
            family_id: event.stream.id.to_string(),
            month,
            expected: Decimal::ZERO,
            due_date: None,
            paid: Decimal::ZERO,
            outstanding: Decimal::ZERO,
            days_late: None,
            payments_by_method: BTreeMap::new(),
            paid_by_method: BTreeMap::new(),
            last_updated: event.recorded_at,
        }
    }

    /// Dues that come after a payment may open the month again.
    fn take_dues(&mut self, amount: Decimal, due_date: Date, at: Timestamp) {
        self.expected = amount;
        self.due_date = Some(due_date);
        self.settle(self.days_late.unwrap_or(0), at);
    }

    fn take_payment(&mut self, amount: Decimal, method: PaymentMethod, days_late: i64, at: Timestamp) {
        self.paid += amount;
        *self.payments_by_method.entry(method).or_default() += 1;
        *self.paid_by_method.entry(method).or_default() += amount;
        // A payment beyond what was owed does not change how late the month was settled.
        self.settle(self.days_late.unwrap_or(days_late), at);
    }

    fn settle(&mut self, days_late: i64, at: Timestamp) {
        self.outstanding = (self.expected - self.paid).max(Decimal::ZERO);
        self.days_late = self.outstanding.is_zero().then_some(days_late);
        self.last_updated = at;
    }
}
