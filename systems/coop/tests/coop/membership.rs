use coop::family::{ContactMethod, Family, FamilyCommand, FamilyEvent, FamilyRefusal as No};
use watershed_testkit::{date, given, timestamp};

use crate::tell::*;

const NOBODY: [FamilyEvent; 0] = [];

/// What can be asked of a family that is there.
fn later_commands() -> Vec<FamilyCommand> {
    vec![
        add_child("Ada", "2015-06-15"),
        assess("2024-10", "100.00", "2024-10-05"),
        pay("100.00", "2024-10-05"),
        score_engagement(80, Default::default()),
        assess_risk(20),
        record_contact("2024-10-07"),
        withdraw("2024-12-31"),
    ]
}

#[test]
fn a_family_enrolls_with_what_was_said_about_it() {
    let command = FamilyCommand::EnrollFamily {
        family_id: "fam-1".into(),
        family_name: "Martinez Family".into(),
        enrollment_date: date("2024-09-01"),
        parent_name: Some("Maria Martinez".into()),
        email: Some("maria@example.com".into()),
        phone: None,
    };
    given::<Family>(NOBODY).when(command).then([enrolled()]);
}

#[test]
fn nobody_enrolls_twice_under_one_id() {
    given::<Family>([enrolled()]).when(enroll("Other Family")).then_refused(No::AlreadyEnrolled);
}

#[test]
fn nothing_happens_to_a_family_that_never_enrolled() {
    for command in later_commands() {
        given::<Family>(NOBODY).when(command).then_refused(No::NotEnrolled);
    }
}

#[test]
fn nothing_happens_to_a_family_that_has_left() {
    let last = date("2024-12-31");
    for command in later_commands().into_iter().chain([enroll("Martinez Family")]) {
        given::<Family>([enrolled(), withdrawn("2024-12-31")])
            .when(command)
            .then_refused(No::Withdrawn { date: last });
    }
}

#[test]
fn a_name_is_required_and_fits_its_column() {
    for blank in ["", "   "] {
        given::<Family>(NOBODY).when(enroll(blank)).then_refused(No::FamilyNameMissing);
        given::<Family>([enrolled()]).when(add_child(blank, "2015-06-15")).then_refused(No::ChildNameMissing);
    }
    let too_long = |field| No::TextTooLong { field, limit: 200 };
    given::<Family>(NOBODY).when(enroll(&"é".repeat(201))).then_refused(too_long("family_name"));
    given::<Family>([enrolled()])
        .when(add_child(&"a".repeat(201), "2015-06-15"))
        .then_refused(too_long("child_name"));
    assert!(given::<Family>(NOBODY).when(enroll(&"é".repeat(200))).decided().is_ok());
}

#[test]
fn an_address_that_cannot_be_one_is_refused() {
    let reached_at = |address: &str| FamilyCommand::EnrollFamily {
        family_id: "fam-1".into(),
        family_name: "Martinez Family".into(),
        enrollment_date: date("2024-09-01"),
        parent_name: None,
        email: Some(address.into()),
        phone: None,
    };
    for address in ["", "maria", "@example.com", "maria@", " @ "] {
        given::<Family>(NOBODY).when(reached_at(address)).then_refused(No::EmailImplausible);
    }
    let long = format!("{}@example.com", "m".repeat(200));
    given::<Family>(NOBODY)
        .when(reached_at(&long))
        .then_refused(No::TextTooLong { field: "email", limit: 200 });
}

#[test]
fn a_child_is_added_with_its_birth_date() {
    given::<Family>([enrolled()]).when(add_child("Ada", "2015-06-15")).then([child("Ada", "2015-06-15")]);
}

#[test]
fn a_birth_date_is_that_of_a_child() {
    let asked_at = timestamp("2024-09-02T12:00:00Z");
    let born = |on: &str| given::<Family>([enrolled()]).at(asked_at).when(add_child("Ada", on));
    let today = date("2024-09-02");
    born("2024-09-03").then_refused(No::BirthDateInFuture { today });
    born("2024-09-02").then([child("Ada", "2024-09-02")]);
    born("2002-09-01").then_refused(No::BirthDateTooEarly { years: 21 });
    born("2002-09-02").then([child("Ada", "2002-09-02")]);
}

#[test]
fn one_child_is_added_once_but_twins_are_two() {
    let history = [enrolled(), child("Ada", "2015-06-15")];
    given::<Family>(history.clone()).when(add_child("Ada", "2015-06-15")).then_refused(No::ChildAlreadyAdded);
    given::<Family>(history).when(add_child("Ben", "2015-06-15")).then([child("Ben", "2015-06-15")]);
}

#[test]
fn a_family_has_no_more_than_thirty_children() {
    let mut history = vec![enrolled()];
    history.extend((0..30).map(|number| child(&format!("Child {number}"), "2015-06-15")));
    given::<Family>(history)
        .when(add_child("One more", "2015-06-15"))
        .then_refused(No::TooManyChildren { limit: 30 });
}

#[test]
fn a_contact_is_noted() {
    given::<Family>([enrolled()])
        .when(record_contact("2024-10-07"))
        .then([contacted("2024-10-07", ContactMethod::Phone)]);
}

#[test]
fn nobody_leaves_before_having_come() {
    let enrollment_date = date("2024-09-01");
    given::<Family>([enrolled()])
        .when(withdraw("2024-08-31"))
        .then_refused(No::WithdrawalBeforeEnrollment { enrollment_date });
    given::<Family>([enrolled()])
        .when(withdraw("2024-09-01"))
        .then([FamilyEvent::Withdrawn { date: enrollment_date, reason: Some("moved away".into()) }]);
}
