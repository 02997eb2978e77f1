//! The co-op as it runs: on the embedded stores, from command to answer.

use std::cmp::Reverse;
use std::sync::Arc;

use coop::family::FamilyCommand;
use coop::queries::{FamiliesByRiskTier, GetFamily, GetPaymentAnalytics, ListAtRiskFamilies, SearchFamilies};
use coop::views::{AtRiskFamily, FamilyDetail, FamilyMonth, PaymentAnalytics, RiskTiers};
use coop::year::{Expected, Step, Year};
use watershed::core::StoredEvent;
use watershed::core::ports::ManualClock;
use watershed::prelude::*;
use watershed::runtime::{Running, SendError};
use watershed_testkit::{Folded, month, naive_fold, timestamp};

/// When every question is asked: the year is over.
const NOW: &str = "2025-08-01T00:00:00Z";

async fn start(folder: &tempfile::TempDir) -> Running {
    let stores = watershed::embedded(folder.path()).unwrap();
    let clock = ManualClock::at(timestamp(NOW));
    coop::context().policy(AllowAll).clock(clock).start(stores).await.unwrap()
}

/// How the step ended, and the token of the receipt where there was one.
async fn send(coop: &Running, step: &Step) -> (Expected, Option<Token>) {
    match coop.send(step.command.clone()).key(&*step.key).await {
        Ok(receipt) if receipt.replayed => (Expected::Replayed, Some(receipt.token)),
        Ok(receipt) => (Expected::Accepted, Some(receipt.token)),
        Err(SendError::Refused(refusal)) => (Expected::Refused(refusal), None),
        Err(SendError::TagTaken { .. }) => (Expected::TransactionTaken, None),
        Err(other) => panic!("{}: {other}", step.key),
    }
}

async fn play(coop: &Running, year: Year) -> Token {
    let mut last = None;
    for step in year {
        let (ended, token) = send(coop, &step).await;
        assert_eq!(ended, step.expected, "{step:?}");
        last = token.or(last);
    }
    last.unwrap()
}

async fn log(coop: &Running) -> Vec<Arc<StoredEvent>> {
    coop.events(&Principal::default(), 0, 100_000).await.unwrap().events
}

#[tokio::test(flavor = "multi_thread")]
async fn a_played_year_answers_as_the_fold_of_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let coop = start(&folder).await;
    let token = play(&coop, Year::new(30, 7)).await;
    let events = log(&coop).await;
    let details: Folded<FamilyDetail> = naive_fold(&events);
    let months: Folded<FamilyMonth> = naive_fold(&events);
    assert_eq!(details.rows().len(), 30);

    for family in details.shown() {
        let family_id = family.family_id.clone();
        let answer = coop.ask(GetFamily { family_id: family_id.clone() }).after(token).await.unwrap();
        assert_eq!(answer.value, details.read_at(&family_id, timestamp(NOW)));
    }

    let (from, to) = (month("2024-01"), month("2025-12"));
    let books = coop.ask(GetPaymentAnalytics { from, to }).after(token).await.unwrap();
    let mut expected: Vec<PaymentAnalytics> = months.rollup();
    expected.iter_mut().for_each(|book| book.at_read(timestamp(NOW)));
    expected.reverse();
    assert_eq!(books.rows, expected);

    let tiers = coop.ask(FamiliesByRiskTier {}).after(token).await.unwrap();
    let mut expected: Vec<RiskTiers> = details.rollup();
    expected.sort_by_key(|tier| -tier.severity);
    assert_eq!(tiers.rows, expected);

    let at_risk = coop.ask(ListAtRiskFamilies { min_risk: 70 }).after(token).await.unwrap();
    let folded: Folded<AtRiskFamily> = naive_fold(&events);
    let mut expected = folded.shown();
    expected.sort_by_key(|family| {
        (-family.intervention_priority, -family.risk_score, Reverse(&family.family_id))
    });
    let ids =
        |families: Vec<&AtRiskFamily>| families.iter().map(|row| row.family_id.clone()).collect::<Vec<_>>();
    assert!(!at_risk.rows.is_empty());
    assert_eq!(ids(at_risk.rows.iter().collect()), ids(expected));

    let some_child = details.shown()[3].children_names[0].to_uppercase();
    let found = coop.ask(SearchFamilies { term: some_child }).after(token).await.unwrap();
    assert!(found.rows.iter().any(|family| family.family_id == details.shown()[3].family_id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_that_is_played_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let coop = start(&folder).await;
    play(&coop, Year::new(5, 7)).await;
    let head = coop.head();
    for step in Year::new(5, 7) {
        let (ended, _) = send(&coop, &step).await;
        assert_ne!(ended, Expected::Accepted, "{step:?}");
    }
    assert_eq!(coop.head(), head);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_made_for_a_family_that_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let coop = start(&folder).await;
    let command = FamilyCommand::EnrollFamily {
        family_id: String::new(),
        family_name: "Martinez Family".into(),
        enrollment_date: timestamp(NOW).date(),
        parent_name: None,
        email: None,
        phone: None,
    };
    let receipt = coop.send(command).await.unwrap();
    assert!(!receipt.id.is_empty());
    let answer = coop.ask(GetFamily { family_id: receipt.id.clone() }).after(receipt.token).await.unwrap();
    assert_eq!(answer.value.map(|family| family.family_id), Some(receipt.id));
}
