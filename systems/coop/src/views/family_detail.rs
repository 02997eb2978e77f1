use watershed::prelude::*;

use crate::family::{EngagementFactors, FamilyEvent, RiskFactors, RiskTier, Status};

/// Everything about one family that a dashboard shows.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(
    name = "family_detail",
    version = 1,
    on(FamilyEvent),
    index(risk_tier, risk_score desc),
    index(engagement_score desc)
)]
#[contract(owner = "coordinators", fresh = operational(2s), reconcile = sample(1h), unknown = park, personal)]
pub struct FamilyDetail {
    /// The family.
    #[key(stream)]
    pub family_id: String,

    /// What it is called.
    #[index]
    #[search]
    pub family_name: Personal<String>,
    /// From which day on it belongs to the co-op.
    pub enrollment_date: Date,
    /// Whether it still does.
    #[index]
    pub status: Status,

    /// How many children it has.
    pub children_count: i64,
    /// Their names, in the order in which they were added.
    #[json]
    #[search]
    pub children_names: Vec<Personal<String>>,
    /// The oldest child's birth date.
    #[internal]
    pub oldest_birth_date: Option<Personal<Date>>,
    /// The oldest child's age in years, as of the answer.
    #[at_read(|r, now| r.oldest_birth_date.as_ref().map(|born| now.date().years_since(**born)))]
    pub oldest_child_age: Option<i64>,

    /// The sum of its payments.
    pub total_paid: Decimal,
    /// How many payments it made.
    pub payment_count: i64,
    /// The latest day on which it paid.
    pub last_payment_date: Option<Date>,
    /// The sum of its payments' days late.
    #[internal]
    pub total_days_late: i64,
    /// How late its payments were on average, in days, rounded; empty before the first payment.
    pub avg_payment_days_late: Option<i64>,

    /// How engaged it is, from 0 to 100.
    pub engagement_score: i64,
    /// When it last logged in.
    pub last_login_date: Option<Date>,
    /// Hours volunteered.
    pub volunteer_hours: i64,
    /// Share of the co-op's events that it came to, in percent.
    pub event_attendance_rate: Option<Decimal>,

    /// How likely it is to leave, from 0 to 100.
    pub risk_score: i64,
    /// The same in four steps.
    pub risk_tier: RiskTier,
    /// What the risk score was made of.
    #[json]
    pub risk_factors: RiskFactors,

    /// When the row last changed.
    pub last_updated: Timestamp,
    /// The version of the family's stream that the row is at.
    pub event_version: u64,
}

impl On<FamilyEvent> for FamilyDetail {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<FamilyEvent>) -> Applied {
        match &event.data {
            FamilyEvent::Enrolled { family_name, enrollment_date, .. } => {
                row.put(Self::enrolled(event, family_name, *enrollment_date));
            }
            FamilyEvent::ChildAdded { child_name, birth_date } => {
                row.get()?.add_child(child_name, birth_date);
            }
            FamilyEvent::PaymentReceived { amount, date, days_late, .. } => {
                row.get()?.add_payment(*amount, *date, *days_late);
            }
            FamilyEvent::EngagementScoreUpdated { new_score, factors, .. } => {
                row.get()?.take_engagement(*new_score, factors);
            }
            FamilyEvent::RiskScoreUpdated { new_score, risk_tier, risk_factors, .. } => {
                let family = row.get()?;
                family.risk_score = *new_score;
                family.risk_tier = *risk_tier;
                family.risk_factors.clone_from(risk_factors);
            }
            FamilyEvent::Withdrawn { .. } => row.get()?.status = Status::Withdrawn,
            // These change no column but the last two.
            FamilyEvent::DuesAssessed { .. } | FamilyEvent::ContactRecorded { .. } => {}
        }
        let family = row.get()?;
        family.last_updated = event.recorded_at;
        family.event_version = event.version;
        Ok(())
    }
}

impl FamilyDetail {
    fn enrolled(event: &Recorded<FamilyEvent>, name: &Personal<String>, enrollment_date: Date) -> Self {
        Self {
            family_id: event.stream.id.to_string(),
            family_name: name.clone(),
            enrollment_date,
            status: Status::Enrolled,
            children_count: 0,
            children_names: Vec::new(),
            oldest_birth_date: None,
            oldest_child_age: None,
            total_paid: Decimal::ZERO,
            payment_count: 0,
            last_payment_date: None,
            total_days_late: 0,
            avg_payment_days_late: None,
            engagement_score: 0,
            last_login_date: None,
            volunteer_hours: 0,
            event_attendance_rate: None,
            risk_score: 0,
            risk_tier: RiskTier::of_score(0),
            risk_factors: RiskFactors::new(),
            last_updated: event.recorded_at,
            event_version: event.version,
        }
    }

    fn add_child(&mut self, name: &Personal<String>, born: &Personal<Date>) {
        self.children_count += 1;
        self.children_names.push(name.clone());
        let oldest = self.oldest_birth_date.take().map_or(born.clone(), |oldest| oldest.min(born.clone()));
        self.oldest_birth_date = Some(oldest);
    }

    fn add_payment(&mut self, amount: Decimal, date: Date, days_late: i64) {
        self.total_paid += amount;
        self.payment_count += 1;
        self.last_payment_date = self.last_payment_date.max(Some(date));
        self.total_days_late += days_late;
        self.avg_payment_days_late = Decimal::from(self.total_days_late)
            .divided_by(self.payment_count.into(), 0)
            .and_then(Decimal::to_i64);
    }

    /// A factor that the update leaves out keeps its value.
    fn take_engagement(&mut self, score: i64, factors: &EngagementFactors) {
        self.engagement_score = score;
        self.last_login_date = factors.last_login_date.or(self.last_login_date);
        self.volunteer_hours = factors.volunteer_hours.unwrap_or(self.volunteer_hours);
        self.event_attendance_rate = factors.event_attendance_rate.or(self.event_attendance_rate);
    }
}
