//! Every error of the runtime has its place in the table.

use watershed_core::ports::SaveRule;
use watershed_core::{Denied, Event, EventKind, Premise, Tag};
use watershed_runtime::{AnyRefusal, AskError, ImportError, OperateError, SendError};

use super::Problem;

fn denied() -> Denied {
    Denied::because("not today")
}

fn place(problem: &Problem) -> (u16, &'static str, bool) {
    let kind = problem.kind();
    (kind.status.as_u16(), kind.code, kind.retryable)
}

#[test]
fn every_reason_not_to_take_a_command_has_its_status_and_tells_whether_to_try_again() {
    let refusal = AnyRefusal { code: "lending.book.on-loan", field: None, message: "on loan".to_owned() };
    let malformed = watershed_core::variant::ReadError { field: None, problem: "no JSON".to_owned() };
    let inline = SendError::InlineRefused { model: "stock".to_owned(), problem: "negative".to_owned() };
    let expected: [(SendError<AnyRefusal>, u16, &str); 19] = [
        (SendError::Refused(refusal), 422, "refused"),
        (SendError::UnknownCommand("Eat".to_owned()), 404, "unknown-command"),
        (SendError::Malformed(malformed), 400, "malformed-body"),
        (SendError::BadId { field: "book_id" }, 400, "bad-id"),
        (SendError::BadKey, 400, "bad-idempotency-key"),
        (SendError::Denied(denied()), 403, "denied"),
        (SendError::VersionMismatch { expected: 1, actual: 2 }, 412, "version-mismatch"),
        (SendError::TagTaken { tag: Tag::once("slip", "s1") }, 422, "tag-taken"),
        (SendError::KeyReused, 422, "key-reused"),
        (SendError::InFlight, 409, "in-flight"),
        (SendError::Contended { attempts: 9 }, 409, "contended"),
        (SendError::UnreadableStream("event 7".to_owned()), 500, "unreadable-stream"),
        (SendError::SaveRefused { rule: SaveRule::Unique, problem: "sku".to_owned() }, 422, "save-refused"),
        (SendError::UnfitState("no such column".to_owned()), 500, "unfit-state"),
        (SendError::WrongPremise(undeclared()), 500, "wrong-premise"),
        (SendError::DamagedLog("event 7".to_owned()), 500, "damaged-log"),
        (inline, 500, "inline-refused"),
        (SendError::ReadOnly("the disk is full".to_owned()), 503, "read-only"),
        (SendError::Unavailable("closed".to_owned()), 503, "unavailable"),
    ];
    for (error, status, code) in expected {
        let again = error.is_retryable();
        // A domain's own code is told instead of ours.
        assert!(error.code() == code || code == "refused", "{}", error.code());
        assert_eq!(place(&error.into()), (status, code, again));
    }
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Lending;

impl Event for Lending {
    const CATEGORY: &'static str = "lending";
    const KINDS: &'static [EventKind] =
        &[EventKind { name: "lent", variant: "Lent", schema: 1, upcasts: &[] }];

    fn kind(&self) -> &'static EventKind {
        &Self::KINDS[0]
    }

    fn tags(&self, _: &mut dyn FnMut(Tag)) {}
}

#[derive(Default)]
struct Lent;

impl Premise for Lent {
    type Event = Lending;

    fn evolve(&mut self, _: &Lending) {}
}

/// What a decision earns that looks at a premise that nobody has named.
fn undeclared() -> watershed_core::PremiseError {
    let cx = watershed_core::Cx::new(Default::default(), Default::default());
    let _ = cx.premise::<Lent>();
    cx.undeclared().expect("it was looked at")
}

#[test]
fn every_reason_not_to_import_has_its_status_and_tells_where_it_stopped() {
    let stopped = ImportError::Stopped { line: 7, error: SendError::ReadOnly("the disk is full".to_owned()) };
    let expected: [(ImportError, u16, &str); 6] = [
        (ImportError::Unknown("none".to_owned()), 404, "unknown-import"),
        (ImportError::Denied(denied()), 403, "denied"),
        (stopped, 503, "read-only"),
        (ImportError::TriageFull { line: 7, most: 9 }, 409, "triage-full"),
        (ImportError::NoSuchLine(7), 404, "no-such-line"),
        (ImportError::Unavailable("closed".to_owned()), 503, "unavailable"),
    ];
    for (error, status, code) in expected {
        let says = error.to_string();
        let problem = Problem::from(error);
        assert_eq!((problem.kind().status.as_u16(), problem.kind().code), (status, code));
        assert!(problem.document("/").contains(&says), "{says}");
    }
}

#[test]
fn every_reason_not_to_answer_has_its_status_and_tells_whether_to_try_again() {
    let malformed = AskError::Malformed { field: "limit".to_owned(), problem: "none".to_owned() };
    let expected: [(AskError, u16, &str); 15] = [
        (AskError::UnknownView("cds".to_owned()), 404, "unknown-view"),
        (AskError::SwitchedOff("cds".to_owned()), 404, "view-off"),
        (AskError::NotFollowed("cds".to_owned()), 406, "not-followed"),
        (AskError::NotYet("cds".to_owned()), 404, "no-view-yet"),
        (AskError::UnknownQuery("none".to_owned()), 404, "unknown-query"),
        (malformed, 400, "malformed-parameter"),
        (AskError::WrongCursor, 400, "bad-cursor"),
        (AskError::ForeignToken, 400, "foreign-token"),
        (AskError::Denied(denied()), 403, "denied"),
        (AskError::NotReached { position: 1, demanded: 2 }, 504, "not-reached"),
        (AskError::UnreadableRow("books".to_owned()), 500, "unreadable-row"),
        (AskError::DamagedView("books.db".to_owned()), 500, "damaged-view"),
        (AskError::UnreadableStream("event 7".to_owned()), 500, "unreadable-stream"),
        (AskError::DamagedLog("event 7".to_owned()), 500, "damaged-log"),
        (AskError::Unavailable("closed".to_owned()), 503, "unavailable"),
    ];
    for (error, status, code) in expected {
        let again = error.is_retryable();
        assert_eq!(place(&error.into()), (status, code, again));
    }
}

#[test]
fn every_reason_not_to_operate_has_its_status() {
    let elsewhere = OperateError::KeptElsewhere { group: "cds", node: "node-2".to_owned() };
    let expected: [(OperateError, u16, &str); 9] = [
        (OperateError::UnknownView("cds".to_owned()), 404, "unknown-view"),
        (OperateError::Denied(denied()), 403, "denied"),
        (OperateError::NoEdition(7), 404, "no-edition"),
        (OperateError::NotParked("b1".to_owned()), 404, "not-parked"),
        (OperateError::Moved { position: 7 }, 409, "parked-moved"),
        (OperateError::WrongState("paused".to_owned()), 409, "wrong-state"),
        (elsewhere, 409, "kept-elsewhere"),
        (OperateError::DamagedView("books.db".to_owned()), 500, "damaged-view"),
        (OperateError::Unavailable("closed".to_owned()), 503, "unavailable"),
    ];
    for (error, status, code) in expected {
        let problem = Problem::from(error);
        assert_eq!((problem.kind().status.as_u16(), problem.kind().code), (status, code));
    }
}

#[test]
fn what_another_node_keeps_is_refused_with_its_name() {
    let elsewhere = OperateError::KeptElsewhere { group: "cds", node: "node-2".to_owned() };
    let document: serde_json::Value =
        serde_json::from_str(&Problem::from(elsewhere).document("/admin/shop/views/cds/pause"))
            .expect("JSON");
    assert_eq!(document["node"], "node-2");
    assert!(document["detail"].as_str().is_some_and(|detail| detail.contains("node-2")), "{document}");
    let other: serde_json::Value =
        serde_json::from_str(&Problem::from(OperateError::NoEdition(7)).document("/")).expect("JSON");
    assert!(other.get("node").is_none(), "{other}");
}
