use coop::family::{
    EngagementFactors, Evidence, Family, FamilyCommand, FamilyEvent, FamilyRefusal as No, RiskTier,
};
use watershed_testkit::{date, decimal, given};

use crate::tell::*;

fn factors() -> EngagementFactors {
    EngagementFactors {
        last_login_date: Some(date("2024-10-10")),
        volunteer_hours: Some(12),
        event_attendance_rate: Some(decimal("87.50")),
    }
}

#[test]
fn a_score_says_what_it_was_before() {
    given::<Family>([enrolled(), engaged(0, 60)])
        .when(score_engagement(80, factors()))
        .then([FamilyEvent::EngagementScoreUpdated { old_score: 60, new_score: 80, factors: factors() }]);
    given::<Family>([enrolled(), at_risk(0, 75)]).when(assess_risk(20)).then([at_risk(75, 20)]);
}

#[test]
fn a_score_lies_between_0_and_100() {
    for score in [-1, 101, i64::MIN, i64::MAX] {
        given::<Family>([enrolled()])
            .when(score_engagement(score, factors()))
            .then_refused(No::ScoreOutOfRange);
        given::<Family>([enrolled()]).when(assess_risk(score)).then_refused(No::ScoreOutOfRange);
    }
    for score in [0, 100] {
        given::<Family>([enrolled()]).when(assess_risk(score)).then([at_risk(0, score)]);
    }
}

#[test]
fn a_score_that_was_computed_from_an_older_one_is_refused() {
    let engagement = |old_score| FamilyCommand::UpdateEngagementScore {
        family_id: "fam-1".into(),
        old_score,
        new_score: 80,
        factors: EngagementFactors::default(),
    };
    let history = [enrolled(), engaged(0, 60)];
    given::<Family>(history.clone()).when(engagement(Some(0))).then_refused(No::ScoreMoved { present: 60 });
    given::<Family>(history).when(engagement(Some(60))).then([engaged(60, 80)]);
}

#[test]
fn the_tier_follows_the_score_where_nobody_says_it() {
    for (score, tier) in [
        (0, RiskTier::Low),
        (39, RiskTier::Low),
        (40, RiskTier::Medium),
        (69, RiskTier::Medium),
        (70, RiskTier::High),
        (84, RiskTier::High),
        (85, RiskTier::Critical),
        (100, RiskTier::Critical),
    ] {
        assert_eq!(RiskTier::of_score(score), tier, "{score}");
    }
}

#[test]
fn an_assessment_is_taken_with_all_that_it_says() {
    let risk_factors: coop::family::RiskFactors = [
        ("late_payments".to_owned(), Evidence::Points(25)),
        ("mood".to_owned(), Evidence::Words("tired of driving".into())),
    ]
    .into();
    let command = FamilyCommand::UpdateRiskScore {
        family_id: "fam-1".into(),
        old_score: Some(0),
        new_score: 75,
        risk_tier: Some(RiskTier::Critical),
        risk_factors: risk_factors.clone(),
        recommended_intervention: Some("call within two days".into()),
        predicted_withdrawal_date: Some(date("2024-12-31")),
        assigned_coordinator: Some("sarah".into()),
    };
    given::<Family>([enrolled()]).when(command).then([FamilyEvent::RiskScoreUpdated {
        old_score: 0,
        new_score: 75,
        risk_tier: RiskTier::Critical,
        risk_factors,
        recommended_intervention: Some("call within two days".into()),
        intervention_priority: 4,
        predicted_withdrawal_date: Some(date("2024-12-31")),
        assigned_coordinator: Some("sarah".into()),
    }]);
}

#[test]
fn factors_that_cannot_be_are_refused() {
    let hours = EngagementFactors { volunteer_hours: Some(-1), ..factors() };
    given::<Family>([enrolled()]).when(score_engagement(80, hours)).then_refused(No::VolunteerHoursNegative);
    for rate in ["-0.01", "100.01", "87.505"] {
        let rate = EngagementFactors { event_attendance_rate: Some(decimal(rate)), ..factors() };
        given::<Family>([enrolled()]).when(score_engagement(80, rate)).then_refused(No::AttendanceOutOfRange);
    }
}

#[test]
fn a_text_that_does_not_fit_its_column_is_refused() {
    let advice = |intervention: usize, coordinator: usize| FamilyCommand::UpdateRiskScore {
        family_id: "fam-1".into(),
        old_score: None,
        new_score: 75,
        risk_tier: None,
        risk_factors: Default::default(),
        recommended_intervention: Some("x".repeat(intervention)),
        predicted_withdrawal_date: None,
        assigned_coordinator: Some("x".repeat(coordinator)),
    };
    given::<Family>([enrolled()])
        .when(advice(201, 1))
        .then_refused(No::TextTooLong { field: "recommended_intervention", limit: 200 });
    given::<Family>([enrolled()])
        .when(advice(200, 101))
        .then_refused(No::TextTooLong { field: "assigned_coordinator", limit: 100 });
    assert!(given::<Family>([enrolled()]).when(advice(200, 100)).decided().is_ok());
}
