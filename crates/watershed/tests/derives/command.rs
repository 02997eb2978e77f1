use std::any::TypeId;

use watershed::prelude::*;

use crate::domain::LoanCommand;

fn parse(name: &str, body: &str) -> Result<LoanCommand, watershed::core::variant::ReadError> {
    LoanCommand::parse(name, body.as_bytes()).unwrap()
}

fn lend(loan_id: &str, title: &str) -> LoanCommand {
    LoanCommand::Lend { loan_id: loan_id.into(), title: title.into(), days: None }
}

#[test]
fn kinds_say_what_callers_need() {
    let [lend, give_back] = LoanCommand::KINDS else { panic!() };
    assert_eq!((lend.name, lend.id_field, lend.generates_id), ("Lend", "loan_id", true));
    assert_eq!(lend.doc, "Lends a book.\n\nThe slip is used once.");
    assert_eq!((give_back.name, give_back.doc, give_back.generates_id), ("Return", "", false));
}

#[test]
fn an_id_that_is_generated_may_be_left_out() {
    assert_eq!(parse("Lend", r#"{"title":"Emma"}"#).unwrap(), lend("", "Emma"));
    let mut command = parse("Lend", r#"{"loan_id":"loan-7","title":"Emma"}"#).unwrap();
    assert_eq!((command.id(), command.kind().name), ("loan-7", "Lend"));
    command.set_id("loan-8".into());
    assert_eq!(command.id(), "loan-8");
    let lacking = parse("Return", r#"{"on":"2024-09-01"}"#).unwrap_err();
    assert_eq!(lacking.field.as_deref(), Some("loan_id"));
}

#[test]
fn an_unknown_command_or_field_is_named() {
    assert!(LoanCommand::parse("Burn", b"{}").is_none());
    let unknown = parse("Lend", r#"{"title":"Emma","dayz":3}"#).unwrap_err();
    assert_eq!(unknown.field.as_deref(), Some("dayz"));
}

#[test]
fn fingerprints_differ_in_every_field_and_in_the_name() {
    let same = lend("loan-7", "Emma");
    assert_eq!(same.fingerprint(), same.clone().fingerprint());
    let back = LoanCommand::Return { loan_id: "loan-7".into(), on: Date::new(2024, 9, 1).unwrap() };
    let days = LoanCommand::Lend { loan_id: "loan-7".into(), title: "Emma".into(), days: Some(0) };
    for other in [lend("loan-8", "Emma"), lend("loan-7", "Emm"), days, back] {
        assert_ne!(same.fingerprint(), other.fingerprint(), "{other:?}");
    }
}

#[derive(Default)]
struct TakeCard;

#[derive(Command, Deserialize, JsonSchema)]
#[command(decision = TakeCard, id = r#type)]
enum CardCommand {
    Take { r#type: String },
}

impl Decision for TakeCard {
    type Command = CardCommand;
    type Event = crate::domain::LoanEvent;
    type Refusal = std::convert::Infallible;

    fn boundary(command: &CardCommand) -> Boundary {
        Boundary::tag("card", command.id())
    }

    fn decide(&self, _: &CardCommand, _: &Cx) -> Result<Vec<Self::Event>, Self::Refusal> {
        Ok(Vec::new())
    }

    fn evolve(&mut self, _: &Self::Event) {}
}

#[test]
fn a_decision_decides_commands_as_an_aggregate_does() {
    assert_eq!(TypeId::of::<<CardCommand as Command>::Target>(), TypeId::of::<TakeCard>());
    let command = CardCommand::parse("Take", br#"{"type":"gold"}"#).unwrap().unwrap();
    assert_eq!((command.id(), command.kind().id_field), ("gold", "type"));
}
