//! Short ways of telling what happened to a family, and what it is asked.

use coop::family::{
    ContactMethod, EngagementFactors, FamilyCommand, FamilyEvent, PaymentMethod, RiskFactors, RiskTier,
};
use watershed_testkit::{date, decimal, month};

pub(crate) fn enrolled() -> FamilyEvent {
    enrolled_as("Martinez Family", "2024-09-01")
}

pub(crate) fn enrolled_as(name: &str, on: &str) -> FamilyEvent {
    FamilyEvent::Enrolled {
        family_name: name.into(),
        enrollment_date: date(on),
        parent_name: Some("Maria Martinez".into()),
        email: Some("maria@example.com".into()),
        phone: None,
    }
}

pub(crate) fn child(name: &str, born: &str) -> FamilyEvent {
    FamilyEvent::ChildAdded { child_name: name.into(), birth_date: date(born).into() }
}

pub(crate) fn dues(of: &str, amount: &str, due: &str) -> FamilyEvent {
    FamilyEvent::DuesAssessed { month: month(of), amount: decimal(amount), due_date: date(due) }
}

pub(crate) fn paid(of: &str, amount: &str, on: &str, days_late: i64, by: PaymentMethod) -> FamilyEvent {
    FamilyEvent::PaymentReceived {
        month: month(of),
        amount: decimal(amount),
        date: date(on),
        payment_method: by,
        transaction_id: format!("txn-{of}-{on}-{amount}"),
        days_late,
    }
}

pub(crate) fn engaged(old_score: i64, new_score: i64) -> FamilyEvent {
    FamilyEvent::EngagementScoreUpdated { old_score, new_score, factors: EngagementFactors::default() }
}

pub(crate) fn at_risk(old_score: i64, new_score: i64) -> FamilyEvent {
    let risk_tier = RiskTier::of_score(new_score);
    FamilyEvent::RiskScoreUpdated {
        old_score,
        new_score,
        risk_tier,
        risk_factors: RiskFactors::new(),
        recommended_intervention: None,
        intervention_priority: risk_tier.severity(),
        predicted_withdrawal_date: None,
        assigned_coordinator: None,
    }
}

pub(crate) fn contacted(on: &str, method: ContactMethod) -> FamilyEvent {
    FamilyEvent::ContactRecorded { date: date(on), method, preferred_channel: None }
}

pub(crate) fn withdrawn(on: &str) -> FamilyEvent {
    FamilyEvent::Withdrawn { date: date(on), reason: None }
}

pub(crate) fn enroll(family_name: &str) -> FamilyCommand {
    FamilyCommand::EnrollFamily {
        family_id: "fam-1".into(),
        family_name: family_name.into(),
        enrollment_date: date("2024-09-01"),
        parent_name: None,
        email: None,
        phone: None,
    }
}

pub(crate) fn add_child(name: &str, born: &str) -> FamilyCommand {
    FamilyCommand::AddChild {
        family_id: "fam-1".into(),
        child_name: name.into(),
        birth_date: date(born).into(),
    }
}

pub(crate) fn assess(of: &str, amount: &str, due: &str) -> FamilyCommand {
    FamilyCommand::AssessDues {
        family_id: "fam-1".into(),
        month: month(of),
        amount: decimal(amount),
        due_date: date(due),
    }
}

pub(crate) fn pay(amount: &str, on: &str) -> FamilyCommand {
    pay_for(None, amount, on)
}

pub(crate) fn pay_for(of: Option<&str>, amount: &str, on: &str) -> FamilyCommand {
    FamilyCommand::ReceivePayment {
        family_id: "fam-1".into(),
        amount: decimal(amount),
        date: date(on),
        payment_method: PaymentMethod::Card,
        transaction_id: "txn-1".into(),
        month: of.map(month),
    }
}

pub(crate) fn score_engagement(new_score: i64, factors: EngagementFactors) -> FamilyCommand {
    FamilyCommand::UpdateEngagementScore { family_id: "fam-1".into(), old_score: None, new_score, factors }
}

pub(crate) fn assess_risk(new_score: i64) -> FamilyCommand {
    FamilyCommand::UpdateRiskScore {
        family_id: "fam-1".into(),
        old_score: None,
        new_score,
        risk_tier: None,
        risk_factors: RiskFactors::new(),
        recommended_intervention: None,
        predicted_withdrawal_date: None,
        assigned_coordinator: None,
    }
}

pub(crate) fn record_contact(on: &str) -> FamilyCommand {
    FamilyCommand::RecordContact {
        family_id: "fam-1".into(),
        date: date(on),
        method: ContactMethod::Phone,
        preferred_channel: None,
    }
}

pub(crate) fn withdraw(on: &str) -> FamilyCommand {
    FamilyCommand::WithdrawFamily {
        family_id: "fam-1".into(),
        date: date(on),
        reason: Some("moved away".into()),
    }
}
