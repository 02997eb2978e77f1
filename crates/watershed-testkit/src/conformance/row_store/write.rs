use watershed_core::ports::{Checkpoint, RowChange, RowsBatch, StoredRow};
use watershed_core::{Ask, EventId, Position, Timestamp, Value};

use super::bench::{
    Bench, Opened, ask, batch, checkpoint, hidden, key, keys, numbered, one, put, thing, walk,
};
use super::specs::{EXTRAS, EXTRAS_TABLE, THINGS, THINGS_TABLE};
use crate::conformance::promise::{Checked, holds, same};

async fn rows(group: &Opened, id: &str) -> Checked<Vec<StoredRow>> {
    Ok(group.rows(THINGS_TABLE, &[key(id)]).await?)
}

pub(super) async fn put_row(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1), numbered("b", 1)]).await?;
    same("a row", &rows(&group, "a").await?, &vec![numbered("a", 1)])?;
    let second =
        StoredRow { position: 12, revision: 3, ..hidden(thing("a", &[("word", Value::Text("x".into()))])) };
    put(&group, THINGS_TABLE, vec![second.clone()], 12).await?;
    same("the row after it is put again", &rows(&group, "a").await?, &vec![second.clone()])?;
    same("the row beside it", &rows(&group, "b").await?, &vec![numbered("b", 1)])?;
    let third = StoredRow { position: (1 << 62) + 1, revision: 1 << 62, shown: true, ..second };
    put(&group, THINGS_TABLE, vec![third.clone()], 13).await?;
    same("the row with large numbers", &rows(&group, "a").await?, &vec![third.clone()])?;
    same("as a reader sees it", &ask(&group, &one("a")).await?.rows, &vec![third])
}

pub(super) async fn delete(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1), numbered("b", 2)]).await?;
    let change = RowsBatch {
        changes: vec![(THINGS_TABLE, vec![RowChange::Delete(key("a")), RowChange::Delete(key("not there"))])],
        checkpoint: checkpoint(2),
        ..RowsBatch::default()
    };
    group.write(&change).await?;
    same("the rows", &keys(&walk(&group, &Ask::rows(THINGS)).await?), &vec!["b"])?;
    same("the row that was deleted", &rows(&group, "a").await?, &Vec::new())?;
    put(&group, THINGS_TABLE, vec![numbered("a", 5)], 3).await?;
    same("the row that was made again", &rows(&group, "a").await?, &vec![numbered("a", 5)])
}

/// The row of the second table for that year.
fn extra(year: i64) -> StoredRow {
    StoredRow {
        key: key(&format!("here:{year}")),
        values: vec![Value::Text("here".into()), Value::Int(year), Value::Int(year * 2)],
        position: 1,
        revision: 1,
        shown: true,
    }
}

pub(super) async fn many(bench: Bench) -> Checked {
    let group = bench.things().await?;
    let change = RowsBatch {
        changes: vec![
            (
                THINGS_TABLE,
                (0..5_000).map(|id| RowChange::Put(numbered(&format!("k-{id:05}"), id))).collect(),
            ),
            (EXTRAS_TABLE, (0..5_000).map(|year| RowChange::Put(extra(year))).collect()),
        ],
        checkpoint: checkpoint(5_000),
        ..RowsBatch::default()
    };
    group.write(&change).await?;
    let of = |view| Ask { limit: Ask::MAX_LIMIT, ..Ask::rows(view) };
    same("rows in the first table", &walk(&group, &of(THINGS)).await?.len(), &5_000)?;
    let extras = walk(&group, &of(EXTRAS)).await?;
    same("rows in the second table", &extras.len(), &5_000)?;
    holds!(extras.contains(&extra(4_321)), "a row of the second table is not what was written");
    let change = RowsBatch {
        changes: vec![
            (THINGS_TABLE, (0..2_500).map(|id| RowChange::Delete(key(&format!("k-{id:05}")))).collect()),
            (
                THINGS_TABLE,
                (2_500..5_000).map(|id| RowChange::Put(numbered(&format!("k-{id:05}"), 7))).collect(),
            ),
        ],
        checkpoint: checkpoint(5_001),
        ..RowsBatch::default()
    };
    group.write(&change).await?;
    let rows = walk(&group, &of(THINGS)).await?;
    same("rows in the first table, after half are deleted", &rows.len(), &2_500)?;
    holds!(rows.iter().all(|row| row.values[2] == Value::Int(7)), "a row was not changed");
    Ok(())
}

pub(super) async fn checkpoint_whole(bench: Bench) -> Checked {
    let group = bench.things().await?;
    let full = |position: Position| Checkpoint {
        position,
        event_id: Some(EventId::at(1_714_885_505_000_005, [9; 10])),
        event_version: 17,
        event_time: Some(Timestamp::from_micros(1_714_885_505_000_005)),
        events_processed: 12_345,
        status: "error".into(),
        last_error: Some("it's \"broken\": é🦀".into()),
        updated_at: Some(Timestamp::from_micros(-1)),
    };
    for written in [full(3), full(1 << 60), checkpoint(5), full(2)] {
        let change = RowsBatch { checkpoint: written.clone(), ..RowsBatch::default() };
        group.write(&change).await?;
        same("the checkpoint", &group.checkpoint().await?, &written)?;
        let page = ask(&group, &Ask::rows(THINGS)).await?;
        let seen = (page.position, page.event_time);
        same("what an answer says of it", &seen, &(written.position, written.event_time))?;
        let row = ask(&group, &one("a")).await?;
        same("what an answer by key says of it", &(row.position, row.event_time), &seen)?;
    }
    Ok(())
}

pub(super) async fn all_or_nothing(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1)]).await?;
    let narrow = StoredRow { values: vec![Value::Text("n".into()), Value::Int(1)], ..numbered("n", 1) };
    let faults = [
        ("a table that is not there", (9, vec![RowChange::Put(numbered("x", 1))])),
        ("a row with too few columns", (THINGS_TABLE, vec![RowChange::Put(narrow)])),
    ];
    for (what, fault) in faults {
        let mut change = batch(THINGS_TABLE, vec![numbered("a", 2), numbered("b", 2)], 7);
        change.changes.push(fault);
        let answer = group.write(&change).await;
        holds!(answer.is_err(), "a batch with {what} was written");
        let rows = walk(&group, &Ask::rows(THINGS)).await?;
        same(&format!("the rows after a batch with {what}"), &rows, &vec![numbered("a", 1)])?;
        same("the checkpoint", &group.checkpoint().await?, &checkpoint(1))?;
    }
    put(&group, THINGS_TABLE, vec![numbered("b", 2)], 2).await?;
    same("the rows after that", &keys(&walk(&group, &Ask::rows(THINGS)).await?), &vec!["a", "b"])
}
