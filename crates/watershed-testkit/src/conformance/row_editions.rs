//! The suite of [`RowEditions`].

use std::sync::Arc;

use watershed_core::ports::{
    Checkpoint, GroupSpec, Later, ParkedKey, RowChange, RowEditions, RowGroup, RowKey, RowsBatch, StoredRow,
};
use watershed_core::{ColumnKind, ColumnSpec, Key, Position, Predicate, TableSpec, Tenant, Timestamp, Value};

use super::promise::{Checked, holds, same, suite};

/// Storage for the editions of groups.
pub trait EditionsFixture: Send + Sync + 'static {
    /// Opens the store on this storage, and makes it where it is not there. Called again, on the same storage, after what it
    /// gave before and the groups opened on it have been dropped.
    fn open(&self) -> impl Future<Output = Arc<dyn RowEditions>> + Send;

    /// What somebody finds who looks for the group's tables with tools of their own, and knows nothing of editions: how far its
    /// rows have come. None where there is nothing to be found.
    fn shown(&self, group: &str) -> impl Future<Output = Option<Position>> + Send;
}

/// [`EditionsFixture`], with its type put aside.
trait Storage: Send + Sync {
    fn open(&self) -> Later<'_, Arc<dyn RowEditions>>;
    fn shown<'a>(&'a self, group: &'a str) -> Later<'a, Option<Position>>;
}

impl<F: EditionsFixture> Storage for F {
    fn open(&self) -> Later<'_, Arc<dyn RowEditions>> {
        Box::pin(EditionsFixture::open(self))
    }

    fn shown<'a>(&'a self, group: &'a str) -> Later<'a, Option<Position>> {
        Box::pin(EditionsFixture::shown(self, group))
    }
}

/// Storage, fresh for each check.
pub(super) struct Bench(Arc<dyn Storage>);

impl Bench {
    pub(super) fn on(fixture: impl EditionsFixture) -> Self {
        Self(Arc::new(fixture))
    }

    pub(super) async fn open(&self) -> Arc<dyn RowEditions> {
        self.0.open().await
    }
}

suite! {
    "the editions", EditionsFixture => Bench;
    "editions of a group do not touch each other" => apart,
    "every edition is there after the store is opened again" => again,
    "groups whose names differ in anything have editions of their own" => names,
    "an edition that was removed leaves nothing, and no other is touched" => removed,
    "an edition that is not there can be removed" => nothing_to_remove,
    "an edition that is open is not removed, and stays as it was" => in_use,
    "whoever knows nothing of editions finds the one that was published last" => published,
    "what was published is found after the store is opened again, and others are removed" => stays_published,
}

/// A group of one table, in that edition.
pub(super) fn spec(group: &str, edition: u32) -> GroupSpec {
    let column = |name: &'static str, kind, key| ColumnSpec {
        name: name.into(),
        kind,
        optional: false,
        key,
        indexed: true,
        searched: false,
        internal: false,
    };
    let columns = vec![column("id", ColumnKind::Text, true), column("number", ColumnKind::Int, false)];
    let table = TableSpec { name: "things".into(), columns: columns.into(), indexes: Vec::new().into() };
    GroupSpec {
        name: group.to_owned(),
        edition,
        version: "things 1;".to_owned(),
        tables: vec![table],
        journal: Vec::new(),
    }
}

fn key(id: &str) -> RowKey {
    RowKey { tenant: Tenant::default(), key: Key::from(id) }
}

/// Two rows of that number, one of them hidden, a parked key, and a checkpoint at that position.
pub(super) fn batch(number: u64) -> RowsBatch {
    let row = |id: &str, shown| {
        let number = Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        let values = vec![Value::Text(id.into()), number];
        RowChange::Put(StoredRow { key: key(id), values, position: 1, revision: 1, shown })
    };
    let parked = ParkedKey {
        table: 0,
        key: key("c"),
        position: number,
        waiting: vec![number, number + 1],
        error: "no".to_owned(),
        fingerprint: "f".to_owned(),
        since: Timestamp::from_micros(7),
        attempts: 2,
    };
    RowsBatch {
        changes: vec![(0, vec![row("a", true), row("b", false)])],
        park: vec![parked],
        checkpoint: Checkpoint {
            position: number,
            status: "running".to_owned(),
            events_processed: number,
            ..Checkpoint::default()
        },
        ..RowsBatch::default()
    }
}

/// Fills an edition with [`batch`].
pub(super) async fn fill(store: &Arc<dyn RowEditions>, group: &str, edition: u32, number: u64) -> Checked {
    let opened = store.open(spec(group, edition)).await?;
    Ok(opened.write(&batch(number)).await?)
}

/// Everything in a group: its position, its rows' numbers, its parked keys' positions.
type Contents = (Position, u64, Vec<(RowKey, Vec<Value>, bool)>, Vec<ParkedKey>);

pub(super) async fn contents(group: &Arc<dyn RowGroup>) -> Checked<Contents> {
    let checkpoint = group.checkpoint().await?;
    let rows = group.scan(0, &Predicate::All, None, 100).await?;
    let rows = rows.into_iter().map(|row| (row.key, row.values, row.shown)).collect();
    Ok((checkpoint.position, checkpoint.events_processed, rows, group.parked().await?))
}

/// That the edition holds what [`fill`] with that number put into it; nothing at all, where that is 0.
pub(super) async fn holds_number(
    store: &Arc<dyn RowEditions>,
    group: &str,
    edition: u32,
    number: u64,
) -> Checked {
    let opened = store.open(spec(group, edition)).await?;
    let what = format!("edition {edition} of `{group}`");
    let found = contents(&opened).await?;
    if number == 0 {
        return same(&what, &found, &(0, 0, Vec::new(), Vec::new()));
    }
    let batch = batch(number);
    let rows = batch.changes.into_iter().flat_map(|(_, rows)| rows).filter_map(|change| match change {
        RowChange::Put(row) => Some((row.key, row.values, row.shown)),
        RowChange::Delete(_) => None,
    });
    same(&what, &found, &(number, number, rows.collect(), batch.park))
}

async fn apart(bench: Bench) -> Checked {
    let store = bench.open().await;
    let first = store.open(spec("g", 1)).await?;
    let second = store.open(spec("g", 2)).await?;
    first.write(&batch(5)).await?;
    same("the other edition", &contents(&second).await?, &(0, 0, Vec::new(), Vec::new()))?;
    second.write(&batch(8)).await?;
    let mut loader = second.loader().await?;
    loader.add(0, Vec::new()).await?;
    drop((first, second));
    for (edition, number) in [(1, 5), (2, 8), (3, 0)] {
        holds_number(&store, "g", edition, number).await?;
    }
    Ok(())
}

async fn again(bench: Bench) -> Checked {
    let store = bench.open().await;
    for edition in [1, 2, 300] {
        fill(&store, "g", edition, u64::from(edition) + 1).await?;
    }
    drop(store);
    let store = bench.open().await;
    for edition in [1, 2, 300] {
        holds_number(&store, "g", edition, u64::from(edition) + 1).await?;
    }
    Ok(())
}

/// Names that a store might take for one another, or for something else than a name.
pub(super) const NAMES: [&str; 9] = ["a", "A", "a b", "a%20b", "a.1", "a/b", "../a", "\u{e4}", "a_1"];

async fn names(bench: Bench) -> Checked {
    let store = bench.open().await;
    for (number, name) in (1..).zip(NAMES) {
        fill(&store, name, 1, number).await?;
        fill(&store, name, 2, number + 100).await?;
    }
    drop(store);
    let store = bench.open().await;
    for (number, name) in (1..).zip(NAMES) {
        holds_number(&store, name, 1, number).await?;
        holds_number(&store, name, 2, number + 100).await?;
    }
    Ok(())
}

async fn removed(bench: Bench) -> Checked {
    let store = bench.open().await;
    for edition in [1, 2, 21] {
        fill(&store, "g", edition, u64::from(edition) + 1).await?;
    }
    fill(&store, "h", 2, 9).await?;
    store.remove("g", 2).await?;
    holds_number(&store, "g", 2, 0).await?;
    fill(&store, "g", 2, 4).await?;
    store.remove("g", 2).await?;
    drop(store);
    let store = bench.open().await;
    for (group, edition, number) in [("g", 1, 2), ("g", 2, 0), ("g", 21, 22), ("h", 2, 9)] {
        holds_number(&store, group, edition, number).await?;
    }
    Ok(())
}

async fn nothing_to_remove(bench: Bench) -> Checked {
    let store = bench.open().await;
    store.remove("g", 7).await?;
    fill(&store, "g", 1, 3).await?;
    store.remove("g", 7).await?;
    store.remove("h", 1).await?;
    holds_number(&store, "g", 1, 3).await
}

async fn in_use(bench: Bench) -> Checked {
    let store = bench.open().await;
    fill(&store, "g", 1, 3).await?;
    let opened = store.open(spec("g", 1)).await?;
    holds!(store.remove("g", 1).await.is_err(), "an edition was removed that was open");
    let found = contents(&opened).await?;
    same("how far it has come", &found.0, &3)?;
    opened.write(&batch(6)).await?;
    drop(opened);
    holds_number(&store, "g", 1, 6).await?;
    store.remove("g", 1).await?;
    holds_number(&store, "g", 1, 0).await
}

async fn published(bench: Bench) -> Checked {
    let store = bench.open().await;
    for name in ["g", "a b", "G"] {
        fill(&store, name, 1, 3).await?;
        fill(&store, name, 2, 4).await?;
    }
    for (name, edition) in [("g", 1), ("g", 2), ("a b", 2), ("g", 1), ("a b", 1), ("g", 1), ("G", 2)] {
        store.publish(name, edition).await?;
        same("what is found", &bench.0.shown(name).await, &Some(u64::from(edition) + 2))?;
    }
    same("what is found of `g`", &bench.0.shown("g").await, &Some(3))?;
    same("what is found of `a b`", &bench.0.shown("a b").await, &Some(3))?;
    // What is shown is the edition itself, and no copy of it.
    fill(&store, "g", 1, 40).await?;
    same("what is found later", &bench.0.shown("g").await, &Some(40))
}

async fn stays_published(bench: Bench) -> Checked {
    let store = bench.open().await;
    for edition in [1, 2, 3] {
        fill(&store, "g", edition, u64::from(edition) + 2).await?;
    }
    store.publish("g", 2).await?;
    drop(store);
    same("what is found", &bench.0.shown("g").await, &Some(4))?;
    let store = bench.open().await;
    store.remove("g", 1).await?;
    fill(&store, "g", 3, 9).await?;
    same("what is found after that", &bench.0.shown("g").await, &Some(4))
}
