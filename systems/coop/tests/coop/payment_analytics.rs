//! A month of four families, with every number worked out by hand.

use std::collections::BTreeMap;

use coop::family::{FamilyEvent, PaymentMethod};
use coop::views::{FamilyDetail, FamilyMonth, MethodShare, PaymentAnalytics, RiskTiers};
use watershed::prelude::*;
use watershed_testkit::{Folded, Story, date, days, decimal, month, project, timestamp};

use crate::tell::*;

/// October 2024: 450.00 owed by three families.
/// - `early` owes 150.00 and pays it by card on the due date;
/// - `late` owes 200.00 and pays it in two parts, the second 4 days late;
/// - `open` owes 100.00 and has paid 30.00;
/// - `guest` owes nothing, pays 25.00 all the same, and too early to be late;
/// - `slow` owes 80.00 until a later day, and pays it 9 days after that.
fn october() -> Story {
    let start = Story::new().at(timestamp("2024-10-01T06:00:00Z"));
    let owing = [
        ("early", dues("2024-10", "150.00", "2024-10-05")),
        ("late", dues("2024-10", "200.00", "2024-10-05")),
        ("open", dues("2024-10", "100.00", "2024-10-05")),
        ("slow", dues("2024-10", "80.00", "2024-10-20")),
    ];
    let paying = [
        ("early", paid("2024-10", "150.00", "2024-10-05", 0, PaymentMethod::Card)),
        ("late", paid("2024-10", "120.00", "2024-10-05", 0, PaymentMethod::Card)),
        ("late", paid("2024-10", "80.00", "2024-10-09", 4, PaymentMethod::Cash)),
        ("open", paid("2024-10", "30.00", "2024-10-10", 5, PaymentMethod::Check)),
        ("guest", paid("2024-10", "25.00", "2024-10-02", 0, PaymentMethod::Card)),
        ("slow", paid("2024-10", "80.00", "2024-10-29", 9, PaymentMethod::BankTransfer)),
    ];
    let story = owing.into_iter().fold(start, |story, (id, event)| story.on(id, event));
    paying.into_iter().fold(story, |story, (id, event)| story.later(days(2)).on(id, event))
}

fn months(story: impl watershed_testkit::IntoStory) -> Vec<PaymentAnalytics> {
    project::<FamilyMonth>(story).rollup()
}

/// The rollup's only row as a reader gets it at that time.
fn read_at(story: impl watershed_testkit::IntoStory, now: &str) -> PaymentAnalytics {
    let [mut row] = <[_; 1]>::try_from(months(story)).unwrap();
    row.at_read(timestamp(now));
    row
}

#[test]
fn a_month_of_the_books_shows_every_column() {
    let share = |count, amount| MethodShare { count, amount: decimal(amount) };
    let expected = PaymentAnalytics {
        month: month("2024-10"),
        families_active: 5,
        families_paid_on_time: 2, // early, guest
        families_paid_late: 2,    // late, slow
        open_by_due_date: BTreeMap::from([(date("2024-10-05"), 1)]),
        families_overdue: 1, // open
        revenue_collected: decimal("485.00"),
        revenue_expected: decimal("530.00"),
        revenue_outstanding: decimal("70.00"), // what `guest` paid settles nothing of it
        avg_payment_days_late: Some(decimal("3.25")), // (0 + 4 + 0 + 9) / 4
        median_payment_days_late: Some(0),     // nearest rank of 0, 0, 4, 9
        payments_by_method: [("bank_transfer", 1), ("card", 3), ("cash", 1), ("check", 1)]
            .map(|(method, count)| (method.to_owned(), count))
            .into(),
        paid_by_method: [
            ("bank_transfer", "80.00"),
            ("card", "295.00"),
            ("cash", "80.00"),
            ("check", "30.00"),
        ]
        .map(|(method, amount)| (method.to_owned(), decimal(amount)))
        .into(),
        payment_method_breakdown: BTreeMap::from([
            ("bank_transfer".to_owned(), share(1, "80.00")),
            ("card".to_owned(), share(3, "295.00")),
            ("cash".to_owned(), share(1, "80.00")),
            ("check".to_owned(), share(1, "30.00")),
        ]),
        families_by_last_change: [
            ("2024-10-03", 1),
            ("2024-10-07", 1),
            ("2024-10-09", 1),
            ("2024-10-11", 1),
            ("2024-10-13", 1),
        ]
        .map(|(day, families)| (date(day), families))
        .into(),
        last_updated: Some(date("2024-10-13")),
    };
    assert_eq!(read_at(october(), "2025-01-01T00:00:00Z"), expected);
}

#[test]
fn a_family_is_overdue_from_the_day_after_its_due_date_on() {
    let owing = [
        ("a", dues("2024-10", "100.00", "2024-10-05")),
        ("b", dues("2024-10", "100.00", "2024-10-05")),
        ("c", dues("2024-10", "100.00", "2024-10-20")),
    ];
    let overdue_at = |now| read_at(owing.clone(), now).families_overdue;
    assert_eq!(overdue_at("2024-10-05T23:59:59Z"), 0);
    assert_eq!(overdue_at("2024-10-06T00:00:00Z"), 2);
    assert_eq!(overdue_at("2024-10-20T12:00:00Z"), 2);
    assert_eq!(overdue_at("2024-10-21T00:00:00Z"), 3);
}

#[test]
fn a_month_in_which_nobody_has_settled_has_no_timing() {
    let row = read_at([("a", dues("2024-10", "100.00", "2024-10-05"))], "2024-10-01T00:00:00Z");
    assert_eq!(row.avg_payment_days_late, None);
    assert_eq!(row.median_payment_days_late, None);
    assert_eq!(row.payment_method_breakdown.len(), 0);
    assert_eq!(row.revenue_outstanding, decimal("100.00"));
}

#[test]
fn each_month_has_its_own_row() {
    let story = october().on("early", paid("2024-11", "150.00", "2024-11-05", 0, PaymentMethod::Card));
    let rows: Vec<_> = months(story).into_iter().map(|row| (row.month, row.families_active)).collect();
    assert_eq!(rows, [(month("2024-10"), 5), (month("2024-11"), 1)]);
}

#[test]
fn money_adds_up_across_the_views() {
    let names = ["early", "late", "open", "guest", "slow"];
    let mut story = Story::new();
    for name in names {
        story = story.on(name, enrolled_as(name, "2024-09-01"));
    }
    for event in october().events() {
        let event = watershed::core::event::decode::<FamilyEvent>(event).unwrap();
        story = story.on(&event.stream.id, event.data.clone());
    }
    let families: Folded<FamilyDetail> = project(&story);
    let paid: Decimal = families.shown().iter().map(|family| family.total_paid).sum();
    let collected: Decimal = months(&story).iter().map(|month| month.revenue_collected).sum();
    assert_eq!((paid, collected), (decimal("485.00"), decimal("485.00")));
}

#[test]
fn risk_tiers_count_the_enrolled_families() {
    let story = vec![
        ("a", enrolled()),
        ("a", engaged(0, 20)),
        ("a", at_risk(0, 90)),
        ("b", enrolled()),
        ("b", engaged(0, 35)),
        ("b", at_risk(0, 85)),
        ("c", enrolled()),
        ("d", enrolled()),
        ("d", engaged(0, 95)),
        ("e", enrolled()),
        ("e", at_risk(0, 95)),
        ("e", withdrawn("2024-12-31")),
    ];
    let mut tiers: Vec<RiskTiers> = project::<FamilyDetail>(story).rollup();
    tiers.sort_by_key(|tier| -tier.severity);
    let shown: Vec<_> = tiers
        .iter()
        .map(|tier| (tier.risk_tier.as_str(), tier.count, tier.avg_engagement, tier.avg_risk))
        .collect();
    assert_eq!(
        shown,
        [
            ("critical", 2, Some(decimal("27.50")), Some(decimal("87.50"))),
            ("low", 2, Some(decimal("47.50")), Some(decimal("0.00"))),
        ]
    );
}
