use coop::family::{Family, FamilyCommand, FamilyEvent, FamilyRefusal as No, PaymentMethod};
use watershed_testkit::{date, decimal, given, month};

use crate::tell::*;

/// The payment that `pay` asks for, as it happened.
fn received(of: &str, amount: &str, on: &str, days_late: i64) -> FamilyEvent {
    FamilyEvent::PaymentReceived {
        month: month(of),
        amount: decimal(amount),
        date: date(on),
        payment_method: PaymentMethod::Card,
        transaction_id: "txn-1".into(),
        days_late,
    }
}

fn october() -> [FamilyEvent; 2] {
    [enrolled(), dues("2024-10", "150.00", "2024-10-05")]
}

#[test]
fn dues_are_assessed_once_for_each_month() {
    given::<Family>([enrolled()]).when(assess("2024-10", "150.00", "2024-10-05")).then([dues(
        "2024-10",
        "150.00",
        "2024-10-05",
    )]);
    given::<Family>(october())
        .when(assess("2024-10", "10.00", "2024-10-20"))
        .then_refused(No::DuesAlreadyAssessed { month: month("2024-10") });
    given::<Family>(october()).when(assess("2024-11", "150.00", "2024-11-05")).then([dues(
        "2024-11",
        "150.00",
        "2024-11-05",
    )]);
}

#[test]
fn amounts_are_positive_whole_cents_that_fit_the_books() {
    let limit = decimal("99999999.99");
    for (amount, refusal) in [
        ("0", No::AmountNotPositive),
        ("0.00", No::AmountNotPositive),
        ("-5.00", No::AmountNotPositive),
        ("10.005", No::AmountNotInCents),
        ("100000000.00", No::AmountTooLarge { limit }),
    ] {
        given::<Family>([enrolled()])
            .when(assess("2024-10", amount, "2024-10-05"))
            .then_refused(refusal.clone());
        given::<Family>([enrolled()]).when(pay(amount, "2024-10-05")).then_refused(refusal);
    }
    for (said, meant) in [("12", "12.00"), ("10.500", "10.50"), ("99999999.99", "99999999.99")] {
        given::<Family>([enrolled()]).when(pay(said, "2024-10-05")).then([received(
            "2024-10",
            meant,
            "2024-10-05",
            0,
        )]);
    }
}

#[test]
fn a_due_date_belongs_to_its_month() {
    let refusal = No::DueDateImplausible { month: month("2024-10") };
    for due in ["2023-09-30", "2025-10-03", "2042-10-05"] {
        given::<Family>([enrolled()]).when(assess("2024-10", "150.00", due)).then_refused(refusal.clone());
    }
    given::<Family>([enrolled()]).when(assess("2024-10", "150.00", "2024-09-25")).then([dues(
        "2024-10",
        "150.00",
        "2024-09-25",
    )]);
}

#[test]
fn a_payment_says_how_late_it_was() {
    for (on, days_late) in [("2024-10-01", 0), ("2024-10-05", 0), ("2024-10-06", 1), ("2024-10-30", 25)] {
        given::<Family>(october())
            .when(pay("150.00", on))
            .then([received("2024-10", "150.00", on, days_late)]);
    }
}

#[test]
fn a_payment_without_dues_is_taken_as_on_time() {
    given::<Family>(october()).when(pay("150.00", "2024-11-30")).then([received(
        "2024-11",
        "150.00",
        "2024-11-30",
        0,
    )]);
}

#[test]
fn a_payment_is_for_the_month_that_it_names() {
    given::<Family>(october()).when(pay_for(Some("2024-10"), "150.00", "2024-11-02")).then([received(
        "2024-10",
        "150.00",
        "2024-11-02",
        28,
    )]);
}

#[test]
fn nobody_pays_before_having_come() {
    let enrollment_date = date("2024-09-01");
    given::<Family>([enrolled()])
        .when(pay_for(Some("2024-09"), "150.00", "2024-08-31"))
        .then_refused(No::PaymentBeforeEnrollment { enrollment_date });
    given::<Family>([enrolled()]).when(pay("150.00", "2024-09-01")).then([received(
        "2024-09",
        "150.00",
        "2024-09-01",
        0,
    )]);
}

#[test]
fn a_month_lies_within_the_membership() {
    let outside = |of: &str| No::MonthOutOfRange { month: month(of), first: month("2024-09"), years: 30 };
    for of in ["2024-08", "2054-09", "9999-12"] {
        given::<Family>([enrolled()])
            .when(pay_for(Some(of), "150.00", "2024-10-01"))
            .then_refused(outside(of));
        given::<Family>([enrolled()]).when(assess(of, "150.00", "2024-10-05")).then_refused(outside(of));
    }
    given::<Family>([enrolled()]).when(pay_for(Some("2054-08"), "150.00", "2024-10-01")).then([received(
        "2054-08",
        "150.00",
        "2024-10-01",
        0,
    )]);
    given::<Family>([enrolled_as("Last Family", "9980-01-01")])
        .when(assess("9999-12", "150.00", "9999-12-05"))
        .then([dues("9999-12", "150.00", "9999-12-05")]);
}

#[test]
fn a_payment_names_its_transaction() {
    let transaction = |id: &str| FamilyCommand::ReceivePayment {
        family_id: "fam-1".into(),
        amount: decimal("150.00"),
        date: date("2024-10-05"),
        payment_method: PaymentMethod::Card,
        transaction_id: id.into(),
        month: None,
    };
    given::<Family>([enrolled()]).when(transaction(" ")).then_refused(No::TransactionIdMissing);
    given::<Family>([enrolled()])
        .when(transaction(&"t".repeat(201)))
        .then_refused(No::TextTooLong { field: "transaction_id", limit: 200 });
}

#[test]
fn a_transaction_is_received_once_in_the_whole_coop() {
    use watershed::prelude::*;

    let mut tags = Vec::new();
    received("2024-10", "150.00", "2024-10-05", 0).tags(&mut |tag| tags.push(tag));
    assert_eq!(tags, [Tag::once("transaction_id", "txn-1")]);
}
