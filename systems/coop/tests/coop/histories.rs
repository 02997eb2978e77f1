//! Any history that the family allows leads to rows that agree with each other and with the events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coop::family::{ContactMethod, EngagementFactors, Family, FamilyCommand, FamilyEvent, PaymentMethod};
use coop::views::{AtRiskFamily, FamilyDetail, FamilyMonth, PaymentAnalytics, RiskTiers};
use proptest::prelude::*;
use watershed::core::{Command, Cx};
use watershed::prelude::*;
use watershed_testkit::{Story, date, project, timestamp};

fn some_date() -> impl Strategy<Value = Date> {
    (-20_i64..120).prop_map(|days| date("2024-09-01").plus_days(days))
}

fn some_amount() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        9 => (1_i64..30_000).prop_map(|cents| Decimal::new(cents, 2)),
        1 => Just(Decimal::ZERO),
    ]
}

/// A command to one of four families: often one that will be refused.
fn some_command() -> impl Strategy<Value = FamilyCommand> {
    (
        (0..4, 0..24),
        (some_date(), some_date(), proptest::option::of(some_date())),
        (some_amount(), proptest::sample::select(PaymentMethod::ALL), 0..200),
        -5_i64..110,
    )
        .prop_map(|((family, kind), dates, payment, score)| {
            command(format!("fam-{family}"), kind, dates, payment, score)
        })
}

fn command(
    family_id: String,
    kind: i32,
    (date, other_date, of): (Date, Date, Option<Date>),
    (amount, payment_method, transaction): (Decimal, PaymentMethod, i32),
    new_score: i64,
) -> FamilyCommand {
    match kind {
        0..4 => FamilyCommand::EnrollFamily {
            family_id,
            family_name: "Martinez Family".into(),
            enrollment_date: date,
            parent_name: None,
            email: None,
            phone: None,
        },
        4 => FamilyCommand::AddChild {
            family_id,
            child_name: "Ada".into(),
            birth_date: date.plus_days(-3_000).into(),
        },
        5..9 => FamilyCommand::AssessDues { family_id, month: date.month(), amount, due_date: other_date },
        9..17 => FamilyCommand::ReceivePayment {
            family_id,
            amount,
            date,
            payment_method,
            transaction_id: format!("txn-{transaction}"),
            month: of.map(Date::month),
        },
        17..19 => FamilyCommand::UpdateEngagementScore {
            family_id,
            old_score: None,
            new_score,
            factors: EngagementFactors::default(),
        },
        19..22 => FamilyCommand::UpdateRiskScore {
            family_id,
            old_score: None,
            new_score,
            risk_tier: None,
            risk_factors: BTreeMap::new(),
            recommended_intervention: None,
            predicted_withdrawal_date: None,
            assigned_coordinator: None,
        },
        22 => FamilyCommand::RecordContact {
            family_id,
            date,
            method: ContactMethod::Phone,
            preferred_channel: None,
        },
        _ => FamilyCommand::WithdrawFamily { family_id, date, reason: None },
    }
}

/// What the log would hold after these commands, refused ones and second transactions left out.
fn played(commands: &[FamilyCommand]) -> Story {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut tags = BTreeSet::new();
    let mut story = Story::new();
    let cx = Cx::new(timestamp("2025-01-01T00:00:00Z"), Arc::default());
    for command in commands {
        let family = families.entry(command.id().to_owned()).or_default();
        for event in family.decide(command, &cx).unwrap_or_default() {
            let mut new = true;
            event.tags(&mut |tag| new &= tags.insert(tag.to_string()));
            if new {
                family.evolve(&event);
                story = story.on(command.id(), event);
            }
        }
    }
    story
}

fn facts(story: &Story) -> Vec<FamilyEvent> {
    let decoded = |event| watershed::core::event::decode::<FamilyEvent>(event).unwrap().data;
    story.events().iter().map(|event| decoded(event)).collect()
}

fn total(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.sum()
}

fn history() -> impl Strategy<Value = Vec<FamilyCommand>> {
    proptest::collection::vec(some_command(), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_history_parks_a_key(commands in history()) {
        let story = played(&commands);
        prop_assert_eq!(project::<FamilyDetail>(&story).parked().count(), 0);
        prop_assert_eq!(project::<AtRiskFamily>(&story).parked().count(), 0);
        prop_assert_eq!(project::<FamilyMonth>(&story).parked().count(), 0);
    }

    #[test]
    fn money_adds_up_across_the_views(commands in history()) {
        let story = played(&commands);
        let (mut paid, mut owed) = (Decimal::ZERO, Decimal::ZERO);
        for fact in facts(&story) {
            match fact {
                FamilyEvent::PaymentReceived { amount, .. } => paid += amount,
                FamilyEvent::DuesAssessed { amount, .. } => owed += amount,
                _ => {}
            }
        }
        let details = project::<FamilyDetail>(&story);
        let months = project::<FamilyMonth>(&story);
        let books: Vec<PaymentAnalytics> = months.rollup();
        prop_assert_eq!(total(details.shown().iter().map(|row| row.total_paid)), paid);
        prop_assert_eq!(total(months.shown().iter().map(|row| row.paid)), paid);
        prop_assert_eq!(total(books.iter().map(|row| row.revenue_collected)), paid);
        prop_assert_eq!(total(books.iter().flat_map(|row| row.paid_by_method.values().copied())), paid);
        prop_assert_eq!(total(books.iter().map(|row| row.revenue_expected)), owed);
        for row in months.shown() {
            prop_assert_eq!(row.outstanding, (row.expected - row.paid).max(Decimal::ZERO));
            prop_assert_eq!(row.is_settled(), row.paid.is_positive() && row.outstanding.is_zero());
        }
    }

    #[test]
    fn the_books_of_a_month_are_the_group_of_its_rows(commands in history()) {
        let now = timestamp("2024-11-15T00:00:00Z");
        let months = project::<FamilyMonth>(played(&commands));
        for mut book in months.rollup::<PaymentAnalytics>() {
            book.at_read(now);
            let rows = || months.shown().into_iter().filter(|row| row.month == book.month);
            let count = |is: fn(&FamilyMonth) -> bool| rows().filter(|row| is(row)).count() as u64;
            prop_assert_eq!(book.families_active, count(|_| true));
            prop_assert_eq!(book.families_paid_on_time, count(FamilyMonth::is_paid_on_time));
            prop_assert_eq!(book.families_paid_late, count(FamilyMonth::is_paid_late));
            let overdue = rows().filter(|row| row.open_due_date().is_some_and(|due| due < now.date()));
            prop_assert_eq!(book.families_overdue, overdue.count() as u64);
            prop_assert_eq!(book.revenue_outstanding, total(rows().map(|row| row.outstanding)));
            let mut late: Vec<i64> = rows().filter_map(|row| row.days_late).collect();
            late.sort_unstable();
            let median = late.get(late.len().saturating_sub(1) / 2).copied();
            prop_assert_eq!(book.median_payment_days_late, median);
            let payments: u64 = book.payment_method_breakdown.values().map(|share| share.count).sum();
            let paid = rows().flat_map(|row| row.payments_by_method.values()).sum::<i64>();
            prop_assert_eq!(payments, paid.unsigned_abs());
            prop_assert_eq!(book.last_updated, rows().map(|row| row.last_updated.date()).max());
        }
    }

    #[test]
    fn lists_show_those_whom_they_are_about(commands in history()) {
        let story = played(&commands);
        let details = project::<FamilyDetail>(&story);
        let enrolled = || details.shown().into_iter().filter(|row| row.status == coop::family::Status::Enrolled);
        let expected: Vec<_> = enrolled().filter(|row| row.risk_score >= 70).map(|row| &row.family_id).collect();
        let listed = project::<AtRiskFamily>(&story);
        let shown: Vec<_> = listed.shown().into_iter().map(|row| &row.family_id).collect();
        prop_assert_eq!(shown, expected);
        let tiers: Vec<RiskTiers> = details.rollup();
        prop_assert_eq!(tiers.iter().map(|tier| tier.count).sum::<u64>(), enrolled().count() as u64);
        for row in details.shown() {
            let events = story.events().iter().filter(|event| *event.stream.id == *row.family_id);
            prop_assert_eq!(row.event_version, events.count() as u64);
        }
    }
}
