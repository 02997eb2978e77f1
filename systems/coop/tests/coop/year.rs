use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use coop::family::{Family, FamilyCommand, FamilyEvent};
use coop::views::{AtRiskFamily, FamilyDetail, FamilyMonth, PaymentAnalytics, RiskTiers};
use coop::year::{Expected, Step, Year};
use watershed::core::{Command, Cx};
use watershed::prelude::*;
use watershed_testkit::{Story, date, project, timestamp};

/// A log as simple as it can be: it knows keys, transactions and families.
#[derive(Default)]
struct Coop {
    families: HashMap<String, Family>,
    keys: HashMap<String, FamilyCommand>,
    tags: HashSet<String>,
    story: Story,
}

impl Coop {
    fn send(&mut self, step: &Step) -> Expected {
        if let Some(earlier) = self.keys.get(&step.key) {
            assert_eq!(*earlier, step.command, "{}: another command under the same key", step.key);
            return Expected::Replayed;
        }
        let id = step.command.id().to_owned();
        let family = self.families.entry(id.clone()).or_default();
        let cx = Cx::new(step.at, Arc::default());
        match family.decide(&step.command, &cx) {
            Err(refusal) => Expected::Refused(refusal),
            Ok(events) => {
                let mut tags = Vec::new();
                events.iter().for_each(|event| event.tags(&mut |tag| tags.push(tag.to_string())));
                if tags.iter().any(|tag| self.tags.contains(tag)) {
                    return Expected::TransactionTaken;
                }
                self.tags.extend(tags);
                self.keys.insert(step.key.clone(), step.command.clone());
                for event in events {
                    family.evolve(&event);
                    self.story = std::mem::take(&mut self.story).at(step.at).on::<FamilyEvent>(&id, event);
                }
                Expected::Accepted
            }
        }
    }
}

#[test]
fn every_step_ends_as_it_says() {
    let mut coop = Coop::default();
    for step in Year::new(300, 7) {
        let ended = coop.send(&step);
        assert_eq!(ended, step.expected, "{step:?}");
    }
}

#[test]
fn a_year_is_the_same_in_every_run_and_another_with_another_seed() {
    assert!(Year::new(40, 7).eq(Year::new(40, 7)));
    assert!(Year::new(40, 7).ne(Year::new(40, 8)));
}

#[test]
fn steps_come_in_the_order_of_time_within_the_school_year() {
    let mut last = timestamp("2023-08-15T00:00:00Z");
    for step in Year::starting_in(2023, 60, 7).unwrap() {
        assert!(step.at >= last);
        last = step.at;
    }
    assert!(last.date() <= date("2024-07-31"));
    assert!(Year::starting_in(9_999, 1, 7).is_none());
}

#[test]
fn a_year_of_five_hundred_families_has_everything_that_a_demo_shows() {
    let mut coop = Coop::default();
    let (mut replayed, mut refused, mut taken) = (0, HashSet::new(), 0);
    for step in Year::new(500, 7) {
        coop.send(&step);
        match step.expected {
            Expected::Accepted => {}
            Expected::Replayed => replayed += 1,
            Expected::Refused(refusal) => {
                refused.insert(refusal.kind().code);
            }
            Expected::TransactionTaken => taken += 1,
        }
    }
    assert!(replayed > 20 && taken > 5, "{replayed} retries, {taken} transactions twice");
    assert_eq!(refused.len(), 4, "{refused:?}");

    let events = coop.story.events().len();
    assert!((20_000..35_000).contains(&events), "{events} events");
    let details = project::<FamilyDetail>(&coop.story);
    assert_eq!(details.rows().len(), 500);
    assert_eq!(details.parked().count(), 0);
    let tiers: Vec<RiskTiers> = details.rollup();
    assert_eq!(tiers.len(), 4, "{tiers:?}");
    let at_risk = project::<AtRiskFamily>(&coop.story).shown().len();
    assert!((15..120).contains(&at_risk), "{at_risk} at risk");

    let mut months: Vec<PaymentAnalytics> = project::<FamilyMonth>(&coop.story).rollup();
    assert_eq!(months.len(), 10);
    for month in &mut months {
        month.at_read(timestamp("2025-08-01T00:00:00Z"));
        assert!(month.families_paid_on_time > month.families_paid_late);
        assert!(month.families_paid_late > 10, "{month:?}");
        assert!(month.families_overdue > 0, "{month:?}");
        assert_eq!(
            month.families_active,
            month.families_paid_on_time + month.families_paid_late + month.families_overdue
        );
        assert_eq!(month.revenue_expected, month.revenue_collected + month.revenue_outstanding);
    }
}
