use coop::family::{
    EngagementFactors, Evidence, FamilyCommand, FamilyEvent, PaymentMethod, RiskFactors, RiskTier,
};
use watershed::core::{Date, Decimal, Timestamp};

use crate::mix::mix;

/// The id of a family.
pub(crate) fn family(number: u64) -> String {
    format!("family-{number:07}")
}

/// An idempotency key that no other number has.
pub(crate) fn key(number: u64) -> String {
    format!("bench-{number:016x}")
}

/// The first day of the co-op's year, 2024-09-01: families enrol on it.
pub(crate) fn first_day() -> Date {
    Timestamp::from_micros(1_725_148_800_000_000).date()
}

/// The command that makes a family of the co-op.
pub(crate) fn enroll(family_id: String) -> FamilyCommand {
    FamilyCommand::EnrollFamily {
        family_name: format!("{family_id} of the bench").into(),
        family_id,
        enrollment_date: first_day(),
        parent_name: Some("Sam Bench".into()),
        email: Some("sam@example.org".into()),
        phone: None,
    }
}

/// A new risk score: an event of about 250 bytes.
pub(crate) fn risk(family_id: String, number: u64) -> FamilyCommand {
    let mixed = mix(number);
    let words = |text: String| Evidence::Words(text);
    FamilyCommand::UpdateRiskScore {
        family_id,
        old_score: None,
        new_score: below(mixed, 101),
        risk_tier: None,
        risk_factors: RiskFactors::from([
            ("engagement".to_owned(), words(format!("no login for {} days", mixed % 61))),
            ("payments".to_owned(), Evidence::Points(below(mixed, 40))),
        ]),
        recommended_intervention: Some("call the parents this week".to_owned()),
        predicted_withdrawal_date: Some(first_day().plus_days(below(mixed, 300))),
        assigned_coordinator: Some("sarah".to_owned()),
    }
}

/// The event that such a command leads to.
pub(crate) fn risen(number: u64) -> FamilyEvent {
    let mixed = mix(number);
    FamilyEvent::RiskScoreUpdated {
        old_score: below(mixed / 101, 101),
        new_score: below(mixed, 101),
        risk_tier: RiskTier::Medium,
        risk_factors: RiskFactors::from([
            ("engagement".to_owned(), Evidence::Words(format!("no login for {} days", mixed % 61))),
            ("payments".to_owned(), Evidence::Points(below(mixed, 40))),
        ]),
        recommended_intervention: Some("call the parents this week".to_owned()),
        intervention_priority: 2,
        predicted_withdrawal_date: Some(first_day().plus_days(below(mixed, 300))),
        assigned_coordinator: Some("sarah".to_owned()),
    }
}

/// A payment, whose transaction id is received once in the whole co-op.
pub(crate) fn payment(family_id: String, number: u64) -> FamilyCommand {
    let mixed = mix(number);
    FamilyCommand::ReceivePayment {
        family_id,
        amount: Decimal::new(12_000 + below(mixed, 8_000), 2),
        date: first_day().plus_days(below(mixed, 270)),
        payment_method: PaymentMethod::BankTransfer,
        transaction_id: format!("txn-{number:016x}"),
        month: None,
    }
}

fn engagement(family_id: String, number: u64) -> FamilyCommand {
    let mixed = mix(number);
    FamilyCommand::UpdateEngagementScore {
        family_id,
        old_score: None,
        new_score: below(mixed, 101),
        factors: EngagementFactors {
            last_login_date: Some(first_day().plus_days(below(mixed, 270))),
            volunteer_hours: Some(below(mixed, 80)),
            event_attendance_rate: Some(Decimal::new(below(mixed, 10_000), 2)),
        },
    }
}

/// What a family's turns bring: its id, the turn, and a number that no other command has.
pub(crate) type Story = fn(String, u64, u64) -> FamilyCommand;

/// Payments, engagement and risk in equal shares.
pub(crate) fn mixed(family_id: String, turn: u64, number: u64) -> FamilyCommand {
    match turn % 3 {
        0 => payment(family_id, number),
        1 => engagement(family_id, number),
        _ => risk(family_id, number),
    }
}

/// Payments and risk in equal shares.
pub(crate) fn halves(family_id: String, turn: u64, number: u64) -> FamilyCommand {
    if turn.is_multiple_of(2) { payment(family_id, number) } else { risk(family_id, number) }
}

fn below(mixed: u64, bound: u64) -> i64 {
    (mixed % bound).cast_signed()
}
