//! Facts and a command in, events or a refusal out.

use garage::stay::{Stay, StayCommand, StayEvent, StayRefusal};
use watershed_testkit::{decimal, given, timestamp};

fn started() -> StayEvent {
    StayEvent::Started { plate: "B-MS 1815".into(), at: timestamp("2026-03-02T08:00:00Z") }
}

fn pay(amount: &str) -> StayCommand {
    StayCommand::Pay { ticket: "T-1".into(), amount: decimal(amount) }
}

#[test]
fn every_half_hour_that_has_begun_costs_two() {
    given::<Stay>([started()])
        .at(timestamp("2026-03-02T08:31:00Z"))
        .when(pay("4.00"))
        .then([StayEvent::Paid { amount: decimal("4.00"), minutes: 31 }]);
}

#[test]
fn a_wrong_amount_is_refused_with_what_is_due() {
    given::<Stay>([started()])
        .at(timestamp("2026-03-02T08:31:00Z"))
        .when(pay("2.00"))
        .then_refused(StayRefusal::WrongAmount { due: decimal("4.00") });
}

#[test]
fn paying_twice_changes_nothing() {
    given::<Stay>([started(), StayEvent::Paid { amount: decimal("2.00"), minutes: 3 }])
        .when(pay("2.00"))
        .then_nothing();
}

#[test]
fn nobody_leaves_without_paying() {
    given::<Stay>([started()])
        .when(StayCommand::DriveOut { ticket: "T-1".into() })
        .then_refused(StayRefusal::NotPaid);
}
