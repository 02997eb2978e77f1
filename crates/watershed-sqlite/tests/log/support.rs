//! Appends, and logs to make them in.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use watershed_core::ports::{Append, EventLog, Idempotency, LogReader, NewEvent, ReadFrom, Scope};
use watershed_core::{EventId, StoredEvent, StreamId, Tag, Tenant, Timestamp};
use watershed_sqlite::{Options, Sqlite, SqliteLog};

/// Options that make everything happen often: small groups, merges all the time, next to nothing kept in memory.
pub(crate) fn hasty() -> Options {
    let mut options = quiet();
    options.merge = 20;
    options.merge_after = Duration::from_millis(5);
    options.recent_events = 8;
    options.heads = 4;
    options
}

/// The defaults, without the time that it takes to make a write-ahead log large at once.
pub(crate) fn quiet() -> Options {
    let mut options = Options::default();
    options.wal = 0;
    options
}

pub(crate) fn open(dir: &Path, options: Options) -> Arc<SqliteLog> {
    Sqlite::open(dir, options).unwrap().log()
}

/// An append of `events` events to the stream `id`, whose events are told apart by `number`.
pub(crate) fn append(number: u64, id: &str, events: u64) -> Append {
    Append {
        idempotency: Some(Idempotency {
            key: format!("key-{number}").into(),
            fingerprint: [number as u8; 16],
        }),
        actor: Some("sarah".into()),
        correlation: number.is_multiple_of(3).then(|| format!("corr-{number}").into()),
        ..Append::new(
            Tenant::default(),
            StreamId::new("family", id),
            (0..events).map(|event| new_event(number, event)).collect(),
            Timestamp::from_micros(1_790_000_000_000_000 + number as i64),
        )
    }
}

fn new_event(number: u64, event: u64) -> NewEvent {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&(number * 1_000 + event).to_le_bytes());
    let mut tags = vec![Tag::new("shelf", number % 5)];
    if number.is_multiple_of(2) {
        tags.push(Tag::once("ticket", format!("{number}-{event}")));
    }
    NewEvent {
        id: EventId::at(1_790_000_000_000_000 + number as i64, random),
        name: ["coop.family.enrolled", "coop.family.payment-received"][(number % 2) as usize],
        schema: 1,
        payload: format!(
            r#"{{"number":{number},"event":{event},"note":"{}"}}"#,
            "n".repeat((number % 300) as usize)
        )
        .into_bytes()
        .into(),
        tags,
    }
}

/// Everything in the log.
pub(crate) async fn all(log: &SqliteLog) -> Vec<Arc<StoredEvent>> {
    let mut events: Vec<Arc<StoredEvent>> = Vec::new();
    loop {
        let after = events.len() as u64;
        let read = log.read(ReadFrom { scope: Scope::Log, after, limit: 1_000 }).await.unwrap();
        events.extend(read.events);
        if read.complete {
            return events;
        }
    }
}

/// What an event is known by in comparisons.
pub(crate) fn facts(event: &StoredEvent) -> (watershed_core::Envelope, Vec<u8>, Vec<Box<str>>) {
    ((*event.envelope).clone(), event.payload.to_vec(), event.tags.clone())
}

/// Appends one after the other what [`append`] makes of these numbers, over a handful of streams.
pub(crate) async fn fill(log: &SqliteLog, numbers: std::ops::Range<u64>) {
    let answers: Vec<_> = numbers
        .map(|number| log.append(append(number, &format!("s-{}", number % 7), 1 + number % 3)))
        .collect();
    for answer in answers {
        answer.await.unwrap();
    }
}
