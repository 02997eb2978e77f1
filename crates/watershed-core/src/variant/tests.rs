use serde::{Deserialize, Serialize};

use super::{Reading, read_variant, write_variant};

const STRICT: Reading = Reading { strict: true, may_lack: None };
const LENIENT: Reading = Reading { strict: false, may_lack: None };

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Thing {
    Moved { to: Place, note: Option<String> },
    Stopped,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    x: i64,
}

fn body(thing: &Thing) -> String {
    let mut out = Vec::new();
    write_variant(thing, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_variant_is_written_as_its_fields_and_read_back() {
    let moved = Thing::Moved { to: Place { x: 3 }, note: None };
    assert_eq!(body(&moved), r#"{"to":{"x":3},"note":null}"#);
    assert_eq!(read_variant::<Thing>("Moved", body(&moved).as_bytes(), STRICT).unwrap(), moved);
    assert_eq!(body(&Thing::Stopped), "{}");
    assert_eq!(read_variant::<Thing>("Stopped", b"{}", STRICT).unwrap(), Thing::Stopped);
}

#[test]
fn the_error_names_the_field() {
    let error = |body: &str| read_variant::<Thing>("Moved", body.as_bytes(), STRICT).unwrap_err();
    assert_eq!(error(r#"{"note":"a"}"#).field.as_deref(), Some("to"));
    assert_eq!(error(r#"{"to":{"x":"three"}}"#).field.as_deref(), Some("to.x"));
    assert_eq!(error(r#"{"to":{"x":3},"nots":"a"}"#).field.as_deref(), Some("nots"));
    assert!(error("[1]").problem.contains("object"));
    assert!(error("{").problem.contains("EOF"));
    assert!(error(r#"{"to":{"x":3}} trailing"#).problem.contains("trailing"));
}

#[test]
fn a_log_passes_over_fields_of_a_newer_program() {
    let body = br#"{"to":{"x":3},"added":1}"#;
    assert!(read_variant::<Thing>("Moved", body, LENIENT).is_ok());
    assert!(read_variant::<Thing>("Moved", body, STRICT).is_err());
    assert!(read_variant::<Thing>("Stopped", br#"{"added":1}"#, LENIENT).is_ok());
}

#[test]
fn a_field_that_may_be_left_out_is_read_as_empty() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Command {
        Open { id: String, name: String },
    }
    let reading = Reading { strict: true, may_lack: Some("id") };
    let open = |id: &str| Command::Open { id: id.into(), name: "a".into() };
    assert_eq!(read_variant::<Command>("Open", br#"{"name":"a"}"#, reading).unwrap(), open(""));
    assert_eq!(read_variant::<Command>("Open", br#"{"id":"7","name":"a"}"#, reading).unwrap(), open("7"));
    assert_eq!(read_variant::<Command>("Open", b"{}", reading).unwrap_err().field.as_deref(), Some("name"));
}
