use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use watershed_core::ports::{ParkedKey, RowsBatch};
use watershed_core::{Ask, Predicate, Timestamp, Value};

use super::bench::{Bench, Opened, ask, batch, key, numbered, one};
use super::specs::{THINGS, THINGS_TABLE};
use crate::conformance::promise::{Checked, Problem, holds, on_its_own_thread, same};

/// How many batches are written at least, and for how long, while readers look on.
const BATCHES: u64 = 300;
const WHILE: Duration = Duration::from_secs(1);

/// The batch that takes the group to that position: it is the number of every row, and every second time a key is parked.
fn step(position: u64) -> RowsBatch {
    let number = i64::try_from(position).unwrap_or(0);
    let mut change = batch(THINGS_TABLE, ["a", "b", "c"].map(|id| numbered(id, number)).to_vec(), position);
    if position.is_multiple_of(2) {
        change.unpark = vec![(THINGS_TABLE, key("a"))];
    } else {
        change.park = vec![ParkedKey {
            table: THINGS_TABLE,
            key: key("a"),
            position,
            waiting: vec![position],
            error: "no".into(),
            fingerprint: "f".into(),
            since: Timestamp::from_micros(1),
            attempts: 1,
        }];
    }
    change
}

pub(super) async fn one_moment(bench: Bench) -> Checked {
    let group = bench.things().await?;
    group.write(&step(1)).await?;
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3).map(|_| on_its_own_thread(look_on(group.clone(), done.clone()))).collect();
    let written = on_its_own_thread(async move { write(&group).await }).await;
    done.store(true, Ordering::Release);
    for reader in readers {
        let looks = reader.await.map_err(Problem::new)??;
        holds!(looks > 0, "a reader never got an answer while batches were written");
    }
    written.map_err(Problem::new)?
}

async fn write(group: &Opened) -> Checked {
    let start = Instant::now();
    for position in (2..).take_while(|position| *position < BATCHES || start.elapsed() < WHILE) {
        group.write(&step(position)).await?;
    }
    Ok(())
}

async fn look_on(group: Opened, done: Arc<AtomicBool>) -> Checked<u64> {
    let (mut looks, mut last) = (0, 0);
    while !done.load(Ordering::Acquire) {
        for question in [one("b"), one("a"), Ask::rows(THINGS)] {
            let found = ask(&group, &question).await?;
            holds!(found.position >= last, "the checkpoint went from {last} back to {}", found.position);
            last = found.position;
            let number = Value::Int(i64::try_from(found.position).unwrap_or(0));
            let wanted = if question.key.is_some() { 1 } else { 3 };
            same("how many rows there are", &found.rows.len(), &wanted)?;
            holds!(
                found.rows.iter().all(|row| row.values[2] == number),
                "at position {} the rows were {:?}",
                found.position,
                found.rows
            );
            let concerns_a = question.key.as_ref().is_none_or(|key| key.as_str() == "a");
            let parked = u64::from(concerns_a && found.position % 2 == 1);
            same(&format!("the parked keys at position {}", found.position), &found.parked, &parked)?;
        }
        let rows = group.rows(THINGS_TABLE, &[key("a"), key("b"), key("c")]).await?;
        let scanned = group.scan(THINGS_TABLE, &Predicate::All, None, 10).await?;
        for rows in [rows, scanned] {
            holds!(
                rows.len() == 3 && rows.iter().all(|row| row.values[2] == rows[0].values[2]),
                "rows of two moments came together: {rows:?}"
            );
        }
        looks += 1;
    }
    Ok(looks)
}
