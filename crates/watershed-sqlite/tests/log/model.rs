//! Random appends, merges and openings, against the plainest log that there could be.

use std::collections::HashMap;

use proptest::prelude::*;
use watershed_core::ports::{
    Append, AppendError, Condition, EventLog, Expected, LogIndex, LogReader, ReadFrom, Scope,
};
use watershed_core::{Boundary, StreamId, Tag, Tenant};

use super::support::{all, append, open, quiet};

#[derive(Debug, Clone)]
enum Step {
    /// An append: its stream, its number of events, the version that it expects beside the true one, the key, the tag that
    /// may be used once, how far back its condition on the shelf reaches, and how far back the caller has looked.
    Append {
        stream: u8,
        events: u8,
        off: Option<i8>,
        key: u8,
        ticket: Option<u8>,
        since: Option<u8>,
        looked: u8,
    },
    /// Some time for merges.
    Rest,
    /// The log is closed and opened again.
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let append = (
        0..6_u8,
        0..4_u8,
        proptest::option::of(-1..2_i8),
        0..60_u8,
        proptest::option::of(0..40_u8),
        proptest::option::of(0..30_u8),
        0..40_u8,
    )
        .prop_map(|(stream, events, off, key, ticket, since, looked)| Step::Append {
            stream,
            events,
            off,
            key,
            ticket,
            since,
            looked,
        });
    proptest::collection::vec(
        prop_oneof![40 => append, 1 => Just(Step::Rest), 1 => Just(Step::Reopen)],
        1..120,
    )
}

/// What an event is to the model.
struct Event {
    stream: String,
    tags: Vec<String>,
    name: String,
}

#[derive(Default)]
struct Model {
    events: Vec<Event>,
    keys: HashMap<String, u64>,
}

impl Model {
    fn head(&self) -> u64 {
        self.events.len() as u64
    }

    fn version(&self, stream: &str) -> u64 {
        self.events.iter().filter(|event| event.stream == stream).count() as u64
    }

    fn first_with(&self, tag: &str) -> Option<u64> {
        self.events
            .iter()
            .position(|event| event.tags.iter().any(|other| other == tag))
            .map(|at| at as u64 + 1)
    }

    /// What the log must answer.
    fn take(&mut self, append: &Append) -> Result<(u64, u64), AppendError> {
        let key = &append.idempotency.as_ref().unwrap().key;
        if let Some(position) = self.keys.get(&**key) {
            return Err(AppendError::KeyTaken { position: *position });
        }
        let actual = self.version(&append.stream.id);
        if let Expected::Version(expected) = append.expected
            && expected != actual
        {
            return Err(AppendError::Conflict { expected, actual });
        }
        for condition in &append.conditions {
            let tag = condition.boundary.tags[0].to_string();
            let name = condition.boundary.names[0];
            let matches = |event: &&Event| event.tags.contains(&tag) && event.name == name;
            let after = usize::try_from(condition.after).unwrap();
            if let Some(at) = self.events.iter().skip(after).position(|event| matches(&event)) {
                return Err(AppendError::BoundaryMoved { position: condition.after + at as u64 + 1 });
            }
        }
        for tag in append.events.iter().flat_map(|event| &event.tags).filter(|tag| tag.once) {
            if let Some(position) = self.first_with(&tag.to_string()) {
                return Err(AppendError::TagTaken { tag: tag.clone(), position });
            }
        }
        if !append.events.is_empty() {
            self.keys.insert(key.to_string(), self.head() + 1);
        }
        self.events.extend(append.events.iter().map(|event| Event {
            stream: append.stream.id.to_string(),
            tags: event.tags.iter().map(ToString::to_string).collect(),
            name: event.name.to_owned(),
        }));
        Ok((self.head(), self.version(&append.stream.id)))
    }
}

/// The append of a step. The caller has truly looked as far as it says.
fn made(model: &Model, number: u64, step: &Step) -> Option<Append> {
    let Step::Append { stream, events, off, key, ticket, since, looked } = step else { return None };
    let id = format!("s-{stream}");
    let mut made = append(number, &id, u64::from(*events));
    made.events.iter_mut().for_each(|event| event.tags.retain(|tag| !tag.once));
    if let (Some(ticket), Some(event)) = (ticket, made.events.last_mut()) {
        event.tags.push(Tag::once("ticket", ticket));
    }
    made.idempotency.as_mut().unwrap().key = format!("key-{key}").into();
    if let Some(off) = off {
        made.expected = Expected::Version(model.version(&id).saturating_add_signed(i64::from(*off)));
    }
    made.conditions.extend(since.map(|since| Condition {
        boundary: Boundary::tag("shelf", number % 5).named(["coop.family.enrolled"]),
        after: model.head().saturating_sub(u64::from(since)),
    }));
    let mut until = model.head().saturating_sub(u64::from(*looked));
    if let Some(found) = model.keys.get(&format!("key-{key}")) {
        until = until.min(found - 1);
    }
    made.looked_until = until;
    Some(made)
}

async fn agrees(log: &watershed_sqlite::SqliteLog, model: &Model) {
    let tenant = Tenant::default();
    let events = all(log).await;
    assert_eq!(events.len() as u64, model.head());
    for (event, wanted) in events.iter().zip(&model.events) {
        assert_eq!((&*event.stream.id, &*event.name), (&*wanted.stream, &*wanted.name));
    }
    for stream in 0..6 {
        let stream = StreamId::new("family", format!("s-{stream}"));
        let version = log.stream_version(&tenant, &stream).await.unwrap();
        assert_eq!(version, model.version(&stream.id));
        let scope = Scope::Stream { tenant: tenant.clone(), stream };
        let read = log.read(ReadFrom { scope, after: version / 2, limit: 1_000 }).await.unwrap();
        let versions: Vec<u64> = read.events.iter().map(|event| event.version).collect();
        assert_eq!(versions, (version / 2 + 1..=version).collect::<Vec<_>>());
    }
    for shelf in 0..5 {
        let tag = format!("shelf:{shelf}");
        let wanted: Vec<u64> = (1..)
            .zip(&model.events)
            .filter(|(_, event)| event.tags.contains(&tag))
            .map(|(at, _)| at)
            .collect();
        let boundary = Boundary::tag("shelf", shelf);
        let read = log
            .read(ReadFrom {
                scope: Scope::Boundary { tenant: tenant.clone(), boundary },
                after: 0,
                limit: 1_000,
            })
            .await
            .unwrap();
        assert_eq!(read.events.iter().map(|event| event.position).collect::<Vec<_>>(), wanted);
    }
    for (key, position) in &model.keys {
        let record = log.find_key(&tenant, key).await.unwrap().unwrap();
        assert_eq!(record.position + 1 - record.events.len() as u64, *position);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn the_log_answers_as_the_plainest_log_would(steps in steps(), merge in 2..40_usize, group in 1..9_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut options = quiet();
            (options.merge, options.group) = (merge, group);
            options.merge_after = std::time::Duration::from_millis(2);
            (options.recent_events, options.heads, options.filters) = (merge / 2, 3, merge * 100);
            let dir = tempfile::tempdir().unwrap();
            let mut log = open(dir.path(), options.clone());
            let mut model = Model::default();
            for (step, number) in steps.iter().zip(0..) {
                match step {
                    Step::Rest => tokio::time::sleep(std::time::Duration::from_millis(6)).await,
                    Step::Reopen => {
                        drop(log);
                        log = open(dir.path(), options.clone());
                    }
                    Step::Append { .. } => {
                        let Some(append) = made(&model, number, step) else { continue };
                        let answer = log.append(append.clone()).await;
                        let wanted = model.take(&append);
                        assert_eq!(answer.map(|it| (it.position, it.version)), wanted, "step {number}");
                    }
                }
            }
            agrees(&log, &model).await;
            drop(log);
            let log = open(dir.path(), options);
            agrees(&log, &model).await;
            log.verify(&mut |_, _| {}).unwrap();
        });
    }
}
