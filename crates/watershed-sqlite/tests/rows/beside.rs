//! Inline rows commit with the events or not at all.

use std::borrow::Cow;
use std::sync::Arc;

use watershed_core::ports::{
    Append, AppendError, EventLog, GroupSpec, InlineFold, NewEvent, RowChange, RowError, RowGroup, RowKey,
    RowsBatch, RowsBesideLog, RowsNow, StoredRow,
};
use watershed_core::{
    Ask, ColumnKind, ColumnSpec, EventId, Key, StoredEvent, StreamId, TableSpec, Tenant, Timestamp, Value,
};
use watershed_sqlite::{Options, Sqlite};

use crate::support::{at, column};

fn counts(name: &'static str) -> TableSpec {
    TableSpec {
        name: name.into(),
        columns: Cow::Owned(vec![
            ColumnSpec { key: true, optional: false, ..column("stream", ColumnKind::Text) },
            column("count", ColumnKind::Int),
        ]),
        indexes: Cow::Borrowed(&[]),
    }
}

pub(crate) fn spec(name: &'static str, version: &str) -> GroupSpec {
    GroupSpec {
        name: name.into(),
        edition: 1,
        version: version.into(),
        tables: vec![counts(name)],
        journal: Vec::new(),
    }
}

/// Counts the events of each stream, and refuses the thirteenth.
struct Counting(&'static str);

impl InlineFold for Counting {
    fn name(&self) -> &str {
        self.0
    }

    fn fold(&mut self, events: &[Arc<StoredEvent>], rows: &dyn RowsNow) -> Result<RowsBatch, String> {
        let Some(last) = events.last() else { return Ok(RowsBatch::default()) };
        let key = RowKey { tenant: last.tenant.clone(), key: Key::from(&*last.stream.id) };
        let stored = rows.row(0, &key).map_err(|error| error.to_string())?;
        let before = match stored.as_ref().map(|row| &row.values[1]) {
            Some(Value::Int(count)) => *count,
            _ => 0,
        };
        let count = before + events.iter().map(|_| 1).sum::<i64>();
        if count > 12 {
            return Err("thirteen".to_owned());
        }
        let row = StoredRow {
            values: vec![Value::Text(key.key.as_str().into()), Value::Int(count)],
            key,
            position: last.position,
            revision: 1,
            shown: true,
        };
        Ok(RowsBatch {
            changes: vec![(0, vec![RowChange::Put(row)])],
            checkpoint: at(last.position),
            ..RowsBatch::default()
        })
    }
}

pub(crate) fn append(stream: &str, events: usize) -> Append {
    let event = |number: usize| NewEvent {
        id: EventId::at(i64::try_from(number).unwrap(), [7; 10]),
        name: "test.counted",
        schema: 1,
        payload: (*b"{}").into(),
        tags: Vec::new(),
    };
    Append::new(
        Tenant::default(),
        StreamId::new("test", stream),
        (0..events).map(event).collect(),
        Timestamp::from_micros(77),
    )
}

pub(crate) fn open(folder: &tempfile::TempDir) -> Sqlite {
    let mut options = Options::default();
    options.wal = 0;
    Sqlite::open(folder.path(), options).unwrap()
}

/// The inline group, which the log folds from now on.
pub(crate) async fn follow(sqlite: &Sqlite, name: &'static str, version: &str) -> Arc<dyn RowGroup> {
    let group = sqlite.rows_beside_log().open_inline(spec(name, version)).await.unwrap();
    sqlite.log().set_inline(vec![Box::new(Counting(name))]);
    group
}

async fn counted(group: &Arc<dyn RowGroup>, view: &'static str) -> (Vec<(String, Value)>, u64) {
    let found = group.ask(&Tenant::default(), &Ask::rows(view)).await.unwrap();
    let rows = found.rows.into_iter().map(|row| (row.key.key.to_string(), row.values[1].clone()));
    (rows.collect(), found.position)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inline_rows_commit_with_the_events_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let group = follow(&sqlite, "counts", "1").await;
    let log = sqlite.log();
    let many: Vec<_> = (0..40).map(|number| append(&format!("s{}", number % 4), 1)).collect();
    let answers: Vec<_> = many.into_iter().map(|append| log.append(append)).collect();
    for answer in answers {
        answer.await.unwrap();
    }
    let ten = |stream: &str| (stream.to_owned(), Value::Int(10));
    let all = ["s0", "s1", "s2", "s3"].map(ten).to_vec();
    assert_eq!(counted(&group, "counts").await, (all.clone(), 40));
    // One append of a group commit is refused: its neighbours are not.
    let (refused, taken) = (log.append(append("s0", 3)), log.append(append("s1", 2)));
    assert!(matches!(refused.await, Err(AppendError::InlineRefused { .. })));
    taken.await.unwrap();
    let mut after = all;
    after[1].1 = Value::Int(12);
    assert_eq!(counted(&group, "counts").await, (after.clone(), 42));
    // And after a restart.
    drop((group, log, sqlite));
    let sqlite = open(&folder);
    let group = follow(&sqlite, "counts", "1").await;
    assert_eq!(counted(&group, "counts").await, (after, 42));
    sqlite.log().append(append("s9", 1)).await.unwrap();
    assert_eq!(counted(&group, "counts").await.0.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inline_table_cannot_take_the_name_of_the_logs_own() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    sqlite.log().append(append("s", 1)).await.unwrap();
    for name in ["events", "META", "checkpoints", "parked"] {
        let opened = sqlite.rows_beside_log().open_inline(spec(name, "1")).await;
        assert!(matches!(opened, Err(RowError::Store(_))), "{name}");
    }
    // Nor a table that comes with a later version.
    drop(sqlite.rows_beside_log().open_inline(spec("counts", "1")).await.unwrap());
    let mut later = spec("counts", "2");
    later.tables.push(counts("events"));
    assert!(sqlite.rows_beside_log().open_inline(later).await.is_err());
    assert_eq!(sqlite.log().verify(&mut |_, _| {}).unwrap().head, 1);
}

/// The tables of another version, and no others, are replaced: those of other groups in the same file stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_replaces_its_own_tables_only() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let beside = sqlite.rows_beside_log();
    let row = |number: i64| StoredRow {
        key: RowKey { tenant: Tenant::default(), key: Key::from("a") },
        values: vec![Value::Text("a".into()), Value::Int(number)],
        position: 1,
        revision: 0,
        shown: true,
    };
    let put = |number| RowsBatch {
        changes: vec![(0, vec![RowChange::Put(row(number))])],
        checkpoint: at(3),
        ..RowsBatch::default()
    };
    let left = beside.open_inline(spec("left", "1")).await.unwrap();
    let right = beside.open_inline(spec("right", "1")).await.unwrap();
    left.write(&put(1)).await.unwrap();
    right.write(&put(2)).await.unwrap();
    let newer = beside.open_inline(spec("left", "2")).await.unwrap();
    assert_eq!(newer.checkpoint().await.unwrap().position, 0);
    let mut loader = newer.loader().await.unwrap();
    loader.add(0, vec![row(3)]).await.unwrap();
    loader.finish(Vec::new(), at(9)).await.unwrap();
    assert_eq!(counted(&newer, "left").await, (vec![("a".to_owned(), Value::Int(3))], 9));
    assert_eq!(counted(&right, "right").await, (vec![("a".to_owned(), Value::Int(2))], 3));
}
