use coop::family::{Family, FamilyCommand, PaymentMethod, RiskFactors};
use watershed::core::{Command, Cx, Refusal};
use watershed::prelude::*;
use watershed_testkit::{date, decimal};

use crate::tell::*;

fn after(events: impl IntoIterator<Item = coop::family::FamilyEvent>) -> Family {
    let mut family = Family::default();
    for event in events {
        family.evolve(&event);
    }
    family
}

#[test]
fn a_long_history_leaves_no_larger_state_than_a_short_one() {
    let once = [
        dues("2024-10", "150.00", "2024-10-05"),
        paid("2024-10", "150.00", "2024-10-05", 0, PaymentMethod::Card),
        engaged(0, 50),
        at_risk(0, 50),
    ];
    let short = after([enrolled()].into_iter().chain(once.clone()));
    let long = after([enrolled()].into_iter().chain((0..2_500).flat_map(|_| once.clone())));
    assert_eq!(short, long);
}

#[test]
fn a_snapshot_is_small_even_after_thirty_years() {
    let mut month = date("2024-09-01").month();
    let mut family = after([enrolled()]);
    for _ in 0..360 {
        family.evolve(&coop::family::FamilyEvent::DuesAssessed {
            month,
            amount: decimal("150.00"),
            due_date: month.last_day(),
        });
        month = month.next();
    }
    let too_late = assess(&month.to_string(), "150.00", &month.last_day().to_string());
    assert!(family.decide(&too_late, &Cx::new(Timestamp::default(), Default::default())).is_err());
    let snapshot = serde_json::to_vec(&family).unwrap();
    assert!(snapshot.len() < 10_000, "{}", snapshot.len());
}

#[test]
fn a_snapshot_gives_back_the_state_that_it_was_taken_of() {
    let family = after([
        enrolled(),
        child("Ada", "2015-06-15"),
        dues("2024-10", "150.00", "2024-10-05"),
        engaged(0, 60),
        at_risk(0, 75),
    ]);
    let storage = Family::storage();
    let codec = storage.snapshot_codec().unwrap();
    let snapshot = (codec.encode)(&family).unwrap();
    assert_eq!((codec.decode)(&snapshot).unwrap(), family);
}

#[test]
fn a_command_is_read_from_the_names_of_the_seed() {
    let read = |name, body: &str| FamilyCommand::parse(name, body.as_bytes()).unwrap();
    let enroll = r#"{"family_name":"Martinez Family","enrollment_date":"2024-09-01",
        "parent_name":"Maria Martinez","email":"maria@example.com"}"#;
    assert_eq!(read("EnrollFamily", enroll).unwrap().id(), "");
    let payment = r#"{"family_id":"fam-1","amount":"150.00","date":"2024-10-05",
        "payment_method":"bank_transfer","transaction_id":"txn-1"}"#;
    assert_eq!(read("ReceivePayment", payment).unwrap().id(), "fam-1");
    let risk = r#"{"family_id":"fam-1","new_score":80,"risk_factors":{"late":3,"mood":"low"}}"#;
    match read("UpdateRiskScore", risk).unwrap() {
        FamilyCommand::UpdateRiskScore { risk_factors, .. } => assert_eq!(risk_factors.len(), 2),
        other => panic!("{other:?}"),
    }
    let engagement = r#"{"family_id":"fam-1","old_score":0,"new_score":80}"#;
    assert!(read("UpdateEngagementScore", engagement).is_ok());
}

#[test]
fn a_body_that_is_wrong_is_told_so_by_field() {
    let wrong = |name, body: &str| {
        let error = FamilyCommand::parse(name, body.as_bytes()).unwrap().unwrap_err();
        error.field.unwrap_or_default()
    };
    assert_eq!(wrong("EnrollFamily", r#"{"family_name":"A"}"#), "enrollment_date");
    let payment =
        r#"{"family_id":"f","amount":12.5,"date":"2024-10-05","payment_method":"card","transaction_id":"t"}"#;
    assert_eq!(wrong("ReceivePayment", payment), "amount");
    let payment = payment.replace("12.5", "12").replace("card", "barter");
    assert_eq!(wrong("ReceivePayment", &payment), "payment_method");
    let factors = r#"{"family_id":"f","new_score":1,"factors":{"volunteer_hour":1}}"#;
    assert!(wrong("UpdateEngagementScore", factors).starts_with("factors"));
    let evidence = r#"{"family_id":"f","new_score":1,"risk_factors":{"late":0.5}}"#;
    assert!(wrong("UpdateRiskScore", evidence).starts_with("risk_factors"));
    assert!(FamilyCommand::parse("DisbandFamily", b"{}").is_none());
}

#[test]
fn every_refusal_has_a_code_of_its_own() {
    use coop::family::FamilyRefusal;

    let mut codes: Vec<_> = FamilyRefusal::KINDS.iter().map(|kind| kind.code).collect();
    assert!(codes.contains(&"coop.family.amount-not-positive"));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), FamilyRefusal::KINDS.len());
    assert_eq!(FamilyRefusal::AmountNotPositive.kind().field, Some("amount"));
    let withdrawn = FamilyRefusal::Withdrawn { date: date("2024-12-31") };
    assert_eq!(withdrawn.message(), "the family was withdrawn on 2024-12-31");
    assert!(RiskFactors::new().is_empty());
}
