use std::sync::Arc;

use watershed::core::event::{DecodeError, decode, encode};
use watershed::core::{Envelope, EventId, EventKind, StoredEvent, StreamId};
use watershed::prelude::*;

use crate::domain::{LoanEvent, Medium};

fn lent(shelf: Option<u32>) -> LoanEvent {
    LoanEvent::Lent {
        title: "Middlemarch".into(),
        medium: Medium::Book,
        due: Date::new(2024, 9, 1).unwrap(),
        slip: "slip-1".into(),
        shelf,
        reader_id: "reader-1".into(),
    }
}

fn stored(name: &str, schema: u32, payload: &[u8]) -> StoredEvent {
    let envelope = Envelope {
        position: 7,
        id: EventId::from_bytes([0; 16]),
        tenant: Tenant::default(),
        stream: StreamId::new("loan", "loan-7"),
        version: 1,
        name: name.into(),
        schema,
        recorded_at: Timestamp::from_micros(0),
        actor: None,
        correlation: None,
        causation: None,
        traceparent: None,
    };
    StoredEvent { envelope: Arc::new(envelope), payload: payload.into(), tags: Vec::new() }
}

fn tags(event: &LoanEvent) -> Vec<(String, bool)> {
    let mut tags = Vec::new();
    event.tags(&mut |tag: Tag| tags.push((tag.to_string(), tag.once)));
    tags
}

#[test]
fn every_variant_has_its_frozen_name_and_schema() {
    let kinds: Vec<_> = LoanEvent::KINDS
        .iter()
        .map(|kind: &EventKind| (kind.name, kind.variant, kind.schema, kind.upcasts.len()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("library.loan.lent", "Lent", 1, 0),
            ("library.loan.brought-back", "Returned", 1, 0),
            ("library.loan.extended", "Extended", 3, 2),
            ("library.loan.lost", "Lost", 1, 0),
        ]
    );
    assert_eq!(LoanEvent::CATEGORY, "loan");
    assert_eq!(lent(None).kind().variant, "Lent");
    assert_eq!(LoanEvent::Lost.kind().name, "library.loan.lost");
}

#[test]
fn what_is_written_is_read_back() {
    for event in [lent(Some(3)), lent(None), LoanEvent::Lost] {
        let payload = encode(&event).unwrap();
        let read = decode::<LoanEvent>(&stored(event.kind().name, 1, &payload)).unwrap();
        assert_eq!(read.data, event);
    }
}

#[test]
fn an_old_schema_passes_through_every_upcast_that_is_left() {
    let until =
        |schema, payload: &[u8]| match decode::<LoanEvent>(&stored("library.loan.extended", schema, payload))
            .unwrap()
            .data
        {
            LoanEvent::Extended { until } => until.to_string(),
            other => panic!("{other:?}"),
        };
    assert_eq!(until(1, br#"{"days":5}"#), "2024-09-05");
    assert_eq!(until(2, br#"{"due":"2024-09-06"}"#), "2024-09-06");
    assert_eq!(until(3, br#"{"until":"2024-09-07"}"#), "2024-09-07");
    let newer = decode::<LoanEvent>(&stored("library.loan.extended", 4, b"{}"));
    assert!(matches!(newer, Err(DecodeError::NewerSchema { known: 3, .. })));
}

#[test]
fn tags_bear_their_names_and_empty_fields_bear_none() {
    let all = [
        ("slip:slip-1".to_owned(), true),
        ("shelf:3".to_owned(), false),
        ("reader:reader-1".to_owned(), false),
        ("card:reader-1".to_owned(), true),
    ];
    assert_eq!(tags(&lent(Some(3))), all);
    assert_eq!(tags(&lent(None)).len(), 3);
    assert!(tags(&LoanEvent::Lost).is_empty());
}

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug)]
#[event(category = "shipment")]
enum FromTwoSources {
    #[event(name = "shipping.shipment.booked.v1")]
    Booked,
    #[event(name = "carrier.scan.v1")]
    Scanned,
}

#[test]
fn a_name_in_full_stands_in_the_log_as_it_is_written() {
    let names: Vec<_> = FromTwoSources::KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(names, ["shipping.shipment.booked.v1", "carrier.scan.v1"]);
    assert_eq!(FromTwoSources::Scanned.kind().variant, "Scanned");
    let read = decode::<FromTwoSources>(&stored("carrier.scan.v1", 1, b"{}")).unwrap();
    assert!(matches!(read.data, FromTwoSources::Scanned));
}
