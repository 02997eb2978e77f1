use watershed_core::ports::{ParkedKey, RowsBatch};
use watershed_core::{Ask, Timestamp};

use super::bench::{Bench, Opened, ask, checkpoint, hidden, key, key_of, numbered, one};
use super::specs::{EXTRAS, EXTRAS_TABLE, THINGS, THINGS_TABLE};
use crate::conformance::promise::{Checked, same};

fn parked(table: usize, at: &str, since: i64) -> ParkedKey {
    ParkedKey {
        table,
        key: key(at),
        position: 7,
        waiting: vec![7, 9, 1 << 60],
        error: "there is no row `é'\"🦀`\nfor this".into(),
        fingerprint: "missing-row".into(),
        since: Timestamp::from_micros(since),
        attempts: 3,
    }
}

async fn park(group: &Opened, park: Vec<ParkedKey>) -> Checked {
    let change = RowsBatch { park, checkpoint: checkpoint(9), ..RowsBatch::default() };
    Ok(group.write(&change).await?)
}

pub(super) async fn whole(bench: Bench) -> Checked {
    let group = bench.things().await?;
    let long = ParkedKey { waiting: (1..=20_000).collect(), ..parked(THINGS_TABLE, &"k".repeat(10_000), 3) };
    let elsewhere = ParkedKey { key: key_of("acme", "b"), ..parked(THINGS_TABLE, "b", -4) };
    let in_extras = parked(EXTRAS_TABLE, "b", 1);
    let first = parked(THINGS_TABLE, "b", 2);
    park(&group, vec![long.clone(), in_extras.clone()]).await?;
    park(&group, vec![elsewhere.clone(), first.clone()]).await?;
    same("the parked keys", &group.parked().await?, &vec![elsewhere, in_extras, first, long])
}

pub(super) async fn changed(bench: Bench) -> Checked {
    let group = bench.things().await?;
    park(
        &group,
        vec![parked(THINGS_TABLE, "a", 1), parked(EXTRAS_TABLE, "a", 2), parked(THINGS_TABLE, "b", 3)],
    )
    .await?;
    let again = ParkedKey {
        position: 11,
        waiting: vec![11, 12],
        error: "another".into(),
        fingerprint: "other".into(),
        attempts: 9,
        ..parked(THINGS_TABLE, "a", 1)
    };
    park(&group, vec![again.clone()]).await?;
    let change = RowsBatch {
        unpark: vec![
            (THINGS_TABLE, key("b")),
            (THINGS_TABLE, key("not parked")),
            (THINGS_TABLE, key_of("acme", "a")),
        ],
        checkpoint: checkpoint(10),
        ..RowsBatch::default()
    };
    group.write(&change).await?;
    same("the parked keys", &group.parked().await?, &vec![again, parked(EXTRAS_TABLE, "a", 2)])
}

pub(super) async fn counted(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1), hidden(numbered("b", 2)), numbered("c", 3)]).await?;
    let keys = ["a", "b", "no row"].map(|at| parked(THINGS_TABLE, at, 1)).to_vec();
    park(&group, [keys, vec![parked(EXTRAS_TABLE, "c", 1)]].concat()).await?;
    same("the parked keys of a page", &ask(&group, &Ask::rows(THINGS)).await?.parked, &3)?;
    same("the parked keys of the other table", &ask(&group, &Ask::rows(EXTRAS)).await?.parked, &1)?;
    for (at, rows, wanted) in [("a", 1, 1), ("b", 0, 1), ("c", 1, 0), ("no row", 0, 1), ("unknown", 0, 0)] {
        let found = ask(&group, &one(at)).await?;
        same(&format!("rows and parking of {at:?}"), &(found.rows.len(), found.parked), &(rows, wanted))?;
    }
    Ok(())
}
