use watershed_core::ports::{GroupSpec, ParkedKey};
use watershed_core::{Ask, ColumnKind, Predicate, Timestamp, Value};

use super::bench::{Bench, Opened, ask, batch, checkpoint, key, keys, numbered, one, put, walk};
use super::specs::{THINGS, THINGS_TABLE, contents, group, indexed, key_column, table, things};
use crate::conformance::promise::{Checked, same};

/// Nothing may be seen in the group's first table, which bears that name.
async fn is_empty(group: &Opened, view: &'static str) -> Checked {
    let checkpoint = group.checkpoint().await?;
    let came = (checkpoint.position, checkpoint.event_id, checkpoint.events_processed);
    same("how far the group has come", &came, &(0, None, 0))?;
    same("the parked keys", &group.parked().await?.len(), &0)?;
    let page = ask(group, &Ask::rows(view)).await?;
    same("a page", &(page.rows.len(), page.next, page.position, page.parked), &(0, None, 0, 0))?;
    let row = ask(group, &Ask { key: Some("a".into()), ..Ask::rows(view) }).await?;
    same("a row", &(row.rows.len(), row.position, row.parked), &(0, 0, 0))?;
    same("rows by key", &group.rows(0, &[key("a")]).await?.len(), &0)?;
    same("a scan", &group.scan(0, &Predicate::All, None, 10).await?.len(), &0)
}

pub(super) async fn fresh(bench: Bench) -> Checked {
    is_empty(&bench.things().await?, THINGS).await
}

fn parked(at: &str) -> ParkedKey {
    ParkedKey {
        table: 0,
        key: key(at),
        position: 7,
        waiting: vec![7, 9],
        error: "no".into(),
        fingerprint: "f".into(),
        since: Timestamp::from_micros(5),
        attempts: 2,
    }
}

pub(super) async fn again(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1), numbered("b", 2)]).await?;
    let mut change = batch(THINGS_TABLE, vec![numbered("c", 3)], 9);
    change.park = vec![parked("z")];
    group.write(&change).await?;
    drop(group);
    for _ in 0..3 {
        let group = bench.things().await?;
        let rows = walk(&group, &Ask::rows(THINGS)).await?;
        same("the rows", &keys(&rows), &vec!["a", "b", "c"])?;
        same("a row's contents", &rows[2], &numbered("c", 3))?;
        same("the checkpoint", &group.checkpoint().await?, &checkpoint(9))?;
        same("the parked keys", &group.parked().await?, &vec![parked("z")])?;
    }
    Ok(())
}

/// A group of one table of that name.
fn small(name: &'static str, version: &str) -> GroupSpec {
    let columns = vec![key_column("id", ColumnKind::Text), indexed("number", ColumnKind::Int)];
    group(name, version, vec![table(name, columns, Vec::new())])
}

pub(super) async fn groups(bench: Bench) -> Checked {
    let store = bench.store().await;
    let left = store.open(small("left", "1")).await?;
    let right = store.open(small("right", "1")).await?;
    let row = |number| watershed_core::ports::StoredRow {
        values: vec![Value::Text("a".into()), Value::Int(number)],
        ..numbered("a", number)
    };
    left.write(&batch(0, vec![row(1)], 5)).await?;
    right.write(&batch(0, vec![row(2)], 8)).await?;
    let mut change = batch(0, Vec::new(), 9);
    change.park = vec![parked("a")];
    right.write(&change).await?;
    same("the left row", &left.rows(0, &[key("a")]).await?, &vec![row(1)])?;
    same("the right row", &right.rows(0, &[key("a")]).await?, &vec![row(2)])?;
    same("how far the left has come", &left.checkpoint().await?.position, &5)?;
    same("how far the right has come", &right.checkpoint().await?.position, &9)?;
    same("how many keys of the left are parked", &left.parked().await?.len(), &0)?;
    same("how many keys of the right are parked", &right.parked().await?.len(), &1)
}

/// The first group, in a later version: a column has gone, another has come.
fn later() -> GroupSpec {
    let mut things = things();
    let mut columns = things.columns.into_owned();
    columns.retain(|column| column.name != "note");
    columns.push(indexed("colour", ColumnKind::Text));
    things.columns = columns.into();
    group(THINGS, "2", vec![things])
}

pub(super) async fn other_version(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1)]).await?;
    let mut change = batch(THINGS_TABLE, Vec::new(), 9);
    change.park = vec![parked("z")];
    group.write(&change).await?;
    drop(group);
    is_empty(&bench.group(later()).await?, THINGS).await?;
    let group = bench.group(later()).await?;
    is_empty(&group, THINGS).await?;

    let row = watershed_core::ports::StoredRow {
        values: contents(&later().tables[0], "b", &[("colour", Value::Text("red".into()))]),
        ..numbered("b", 0)
    };
    let mut loader = group.loader().await?;
    loader.add(0, vec![row.clone()]).await?;
    is_empty(&group, THINGS).await?;
    loader.finish(Vec::new(), checkpoint(4)).await?;
    same("the rows of the new version", &walk(&group, &Ask::rows(THINGS)).await?, &vec![row.clone()])?;
    same("its checkpoint", &group.checkpoint().await?, &checkpoint(4))?;
    same("its parked keys", &group.parked().await?.len(), &0)?;
    drop(group);
    let group = bench.group(later()).await?;
    same("its rows, after the store is opened again", &walk(&group, &Ask::rows(THINGS)).await?, &vec![row])?;
    drop(group);
    is_empty(&bench.things().await?, THINGS).await
}

pub(super) async fn kept_aside(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1)]).await?;
    put(&group, THINGS_TABLE, vec![numbered("b", 2)], 6).await?;
    drop(group);
    let group = bench.group(later()).await?;
    let mut loader = group.loader().await?;
    loader.add(0, Vec::new()).await?;
    drop(loader);
    drop(group);
    let group = bench.things().await?;
    same(
        "the old rows, for whoever goes back",
        &keys(&walk(&group, &Ask::rows(THINGS)).await?),
        &vec!["a", "b"],
    )?;
    same("the old checkpoint", &group.checkpoint().await?, &checkpoint(6))?;
    same("an old row", &ask(&group, &one("a")).await?.rows, &vec![numbered("a", 1)])
}
