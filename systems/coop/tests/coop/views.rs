use std::collections::BTreeMap;

use coop::family::{
    ContactMethod, EngagementFactors, Evidence, FamilyEvent, PaymentMethod, RiskTier, Status,
};
use coop::views::{AtRiskFamily, FamilyDetail, FamilyMonth};
use watershed::prelude::*;
use watershed_testkit::{Story, date, days, decimal, month, project, timestamp};

use crate::tell::*;

fn start() -> Timestamp {
    timestamp("2024-09-01T08:00:00Z")
}

/// Everything that can happen to a family, once or twice.
fn life() -> Story {
    let tell = |story: Story, event| story.later(days(1)).on("fam-1", event);
    let events = [
        enrolled(),
        child("Ben", "2017-03-02"),
        child("Ada", "2015-06-15"),
        dues("2024-10", "150.00", "2024-10-05"),
        paid("2024-10", "100.00", "2024-10-04", 0, PaymentMethod::Card),
        paid("2024-10", "50.00", "2024-10-08", 3, PaymentMethod::Cash),
        FamilyEvent::EngagementScoreUpdated {
            old_score: 0,
            new_score: 80,
            factors: EngagementFactors {
                last_login_date: Some(date("2024-10-10")),
                volunteer_hours: Some(12),
                event_attendance_rate: Some(decimal("87.50")),
            },
        },
        assessed(75),
        FamilyEvent::ContactRecorded {
            date: date("2024-10-20"),
            method: ContactMethod::Email,
            preferred_channel: Some(ContactMethod::Sms),
        },
    ];
    events.into_iter().fold(Story::new().at(start()), tell)
}

fn assessed(new_score: i64) -> FamilyEvent {
    FamilyEvent::RiskScoreUpdated {
        old_score: 0,
        new_score,
        risk_tier: RiskTier::High,
        risk_factors: [("late_payments".to_owned(), Evidence::Points(25))].into(),
        recommended_intervention: Some("invite for a talk".into()),
        intervention_priority: 3,
        predicted_withdrawal_date: Some(date("2024-12-31")),
        assigned_coordinator: Some("sarah".into()),
    }
}

#[test]
fn family_detail_shows_every_column() {
    let now = timestamp("2025-06-14T23:59:59Z");
    let row = project::<FamilyDetail>(life()).read_at("fam-1", now);
    let expected = FamilyDetail {
        family_id: "fam-1".into(),
        family_name: "Martinez Family".into(),
        enrollment_date: date("2024-09-01"),
        status: Status::Enrolled,
        children_count: 2,
        children_names: vec!["Ben".into(), "Ada".into()],
        oldest_birth_date: Some(date("2015-06-15").into()),
        oldest_child_age: Some(9),
        total_paid: decimal("150.00"),
        payment_count: 2,
        last_payment_date: Some(date("2024-10-08")),
        total_days_late: 3,
        avg_payment_days_late: Some(2),
        engagement_score: 80,
        last_login_date: Some(date("2024-10-10")),
        volunteer_hours: 12,
        event_attendance_rate: Some(decimal("87.50")),
        risk_score: 75,
        risk_tier: RiskTier::High,
        risk_factors: [("late_payments".to_owned(), Evidence::Points(25))].into(),
        last_updated: timestamp("2024-09-10T08:00:00Z"),
        event_version: 9,
    };
    assert_eq!(row, Some(expected));
}

#[test]
fn a_fresh_family_has_its_defaults() {
    let folded = project::<FamilyDetail>([("fam-1", enrolled())]);
    let family = folded.expect_row("fam-1");
    assert_eq!(family.children_names, []);
    assert_eq!(family.total_paid, Decimal::ZERO);
    assert_eq!((family.risk_score, family.risk_tier), (0, RiskTier::Low));
    assert_eq!(family.avg_payment_days_late, None);
    assert_eq!(family.last_payment_date, None);
}

#[test]
fn an_age_is_that_of_the_day_of_the_question() {
    let folded = project::<FamilyDetail>([("fam-1", enrolled()), ("fam-1", child("Ada", "2015-06-15"))]);
    let age_at = |now| folded.read_at("fam-1", timestamp(now)).and_then(|row| row.oldest_child_age);
    assert_eq!(age_at("2025-06-14T12:00:00Z"), Some(9));
    assert_eq!(age_at("2025-06-15T00:00:00Z"), Some(10));
}

#[test]
fn a_factor_that_is_left_out_keeps_its_value() {
    let folded = project::<FamilyDetail>(life().on("fam-1", engaged(80, 70)));
    let family = folded.expect_row("fam-1");
    assert_eq!(family.engagement_score, 70);
    assert_eq!(family.volunteer_hours, 12);
    assert_eq!(family.last_login_date, Some(date("2024-10-10")));
    assert_eq!(family.event_attendance_rate, Some(decimal("87.50")));
}

#[test]
fn a_payment_that_is_noted_late_does_not_become_the_last_one() {
    let folded = project::<FamilyDetail>(
        life().on("fam-1", paid("2024-09", "10.00", "2024-09-15", 0, PaymentMethod::Card)),
    );
    assert_eq!(folded.expect_row("fam-1").last_payment_date, Some(date("2024-10-08")));
}

#[test]
fn a_family_that_has_left_keeps_its_detail() {
    let folded = project::<FamilyDetail>(life().on("fam-1", withdrawn("2024-12-31")));
    assert_eq!(folded.expect_row("fam-1").status, Status::Withdrawn);
    assert_eq!(folded.expect_row("fam-1").event_version, 10);
}

#[test]
fn an_event_before_the_enrolment_parks_the_family_rather_than_drifting() {
    let folded = project::<FamilyDetail>([("fam-1", engaged(0, 50))]);
    assert_eq!(folded.parked().count(), 1);
}

#[test]
fn at_risk_families_shows_every_column() {
    let now = timestamp("2024-11-01T10:00:00Z");
    let row = project::<AtRiskFamily>(life()).read_at("fam-1", now);
    let expected = AtRiskFamily {
        family_id: "fam-1".into(),
        family_name: "Martinez Family".into(),
        risk_score: 75,
        risk_tier: RiskTier::High,
        risk_factors: [("late_payments".to_owned(), Evidence::Points(25))].into(),
        recommended_intervention: Some("invite for a talk".into()),
        intervention_priority: 3,
        predicted_withdrawal_date: Some(date("2024-12-31")),
        days_until_predicted_withdrawal: Some(60),
        last_contact_date: Some(date("2024-10-20")),
        last_contact_method: Some(ContactMethod::Email),
        days_since_contact: Some(12),
        preferred_contact_channel: Some(ContactMethod::Sms),
        assigned_coordinator: Some("sarah".into()),
        last_updated: timestamp("2024-09-10T08:00:00Z"),
    };
    assert_eq!(row, Some(expected));
}

#[test]
fn a_family_that_is_no_longer_at_risk_leaves_the_list_and_comes_back_with_its_name_and_last_contact() {
    let better = life().on("fam-1", at_risk(75, 69));
    assert_eq!(project::<AtRiskFamily>(&better).shown().len(), 0);

    let spoken_with = better.on("fam-1", contacted("2024-11-05", ContactMethod::Phone));
    let worse = project::<AtRiskFamily>(spoken_with.on("fam-1", at_risk(69, 70)));
    let family = worse.shown()[0];
    assert_eq!(*family.family_name, "Martinez Family");
    assert_eq!(family.last_contact_date, Some(date("2024-11-05")));
    assert_eq!(family.last_contact_method, Some(ContactMethod::Phone));
    assert_eq!(family.preferred_contact_channel, Some(ContactMethod::Sms));
    assert_eq!(family.assigned_coordinator.as_deref(), Some("sarah"));
}

#[test]
fn an_assessment_replaces_the_one_before_it() {
    let folded = project::<AtRiskFamily>(life().on("fam-1", at_risk(75, 90)));
    let family = folded.expect_row("fam-1");
    assert_eq!(family.risk_tier, RiskTier::Critical);
    assert_eq!(family.recommended_intervention, None);
    assert_eq!(family.predicted_withdrawal_date, None);
    assert_eq!(family.risk_factors.len(), 0);
}

#[test]
fn a_contact_that_is_noted_late_does_not_replace_a_later_one() {
    let folded = project::<AtRiskFamily>(life().on("fam-1", contacted("2024-10-01", ContactMethod::Phone)));
    let family = folded.expect_row("fam-1");
    assert_eq!(family.last_contact_date, Some(date("2024-10-20")));
    assert_eq!(family.last_contact_method, Some(ContactMethod::Email));
}

#[test]
fn nobody_is_asked_to_keep_a_family_that_has_left() {
    let folded = project::<AtRiskFamily>(life().on("fam-1", withdrawn("2024-12-31")));
    assert_eq!(folded.rows().len(), 0);
    assert_eq!(folded.parked().count(), 0);
}

#[test]
fn a_month_shows_every_column() {
    let folded = project::<FamilyMonth>(life());
    let expected = FamilyMonth {
        family_id: "fam-1".into(),
        month: month("2024-10"),
        expected: decimal("150.00"),
        due_date: Some(date("2024-10-05")),
        paid: decimal("150.00"),
        outstanding: decimal("0.00"),
        days_late: Some(3),
        payments_by_method: BTreeMap::from([(PaymentMethod::Card, 1), (PaymentMethod::Cash, 1)]),
        paid_by_method: BTreeMap::from([
            (PaymentMethod::Card, decimal("100.00")),
            (PaymentMethod::Cash, decimal("50.00")),
        ]),
        last_updated: timestamp("2024-09-07T08:00:00Z"),
    };
    assert_eq!(folded.shown(), [&expected]);
    assert!(folded.row("fam-1:2024-10").is_some());
}

#[test]
fn a_month_is_settled_by_the_payment_that_leaves_nothing_owed() {
    let owed = || vec![("fam-1", enrolled()), ("fam-1", dues("2024-10", "150.00", "2024-10-05"))];
    let month_after = |payments: &[(&str, &str, i64)]| {
        let mut story = owed();
        for (amount, on, late) in payments {
            story.push(("fam-1", paid("2024-10", amount, on, *late, PaymentMethod::Card)));
        }
        project::<FamilyMonth>(story).expect_row("fam-1:2024-10").clone()
    };
    let unpaid = month_after(&[]);
    assert_eq!(unpaid.open_due_date(), Some(date("2024-10-05")));
    let in_part = month_after(&[("149.99", "2024-10-01", 0)]);
    assert_eq!((in_part.days_late, in_part.outstanding), (None, decimal("0.01")));
    assert_eq!(in_part.open_due_date(), Some(date("2024-10-05")));
    let late = month_after(&[("149.99", "2024-10-01", 0), ("0.01", "2024-10-07", 2)]);
    assert!(late.is_paid_late() && !late.is_paid_on_time());
    assert_eq!(late.open_due_date(), None);
    let too_much = month_after(&[("150.00", "2024-10-05", 0), ("20.00", "2024-10-09", 4)]);
    assert!(too_much.is_paid_on_time());
    assert_eq!((too_much.days_late, too_much.outstanding), (Some(0), decimal("0.00")));
}

#[test]
fn dues_that_come_after_a_payment_open_the_month_again_until_they_are_paid() {
    let early = vec![
        ("fam-1", enrolled()),
        ("fam-1", paid("2024-10", "100.00", "2024-09-20", 0, PaymentMethod::Card)),
    ];
    let without_dues = project::<FamilyMonth>(early.clone());
    assert!(without_dues.expect_row("fam-1:2024-10").is_paid_on_time());
    assert_eq!(without_dues.expect_row("fam-1:2024-10").due_date, None);

    let mut assessed = early;
    assessed.push(("fam-1", dues("2024-10", "150.00", "2024-10-05")));
    let open = project::<FamilyMonth>(assessed.clone());
    assert_eq!(open.expect_row("fam-1:2024-10").outstanding, decimal("50.00"));
    assert!(!open.expect_row("fam-1:2024-10").is_settled());

    assessed.push(("fam-1", paid("2024-10", "50.00", "2024-10-08", 3, PaymentMethod::Card)));
    let settled = project::<FamilyMonth>(assessed);
    assert!(settled.expect_row("fam-1:2024-10").is_paid_late());
}
