use watershed_core::ports::{ParkedKey, RowError, RowMoment, RowsBatch};
use watershed_core::{Predicate, Timestamp};

use super::bench::{Bench, Opened, batch, checkpoint, key, numbered, put};
use super::specs::THINGS_TABLE;
use crate::conformance::promise::{Checked, holds, same};

fn parked(position: u64) -> ParkedKey {
    ParkedKey {
        table: THINGS_TABLE,
        key: key("a"),
        position,
        waiting: vec![position],
        error: "no".into(),
        fingerprint: "f".into(),
        since: Timestamp::from_micros(1),
        attempts: 1,
    }
}

pub(super) async fn stands_still(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1), numbered("b", 1)]).await?;
    let moment = group.moment().await?;
    is_the_first(&*moment).await?;
    let mut change = batch(THINGS_TABLE, vec![numbered("a", 2), numbered("c", 2)], 2);
    change.park = vec![parked(2)];
    group.write(&change).await?;
    is_the_first(&*moment).await?;
    let mut loader = group.loader().await?;
    loader.add(THINGS_TABLE, vec![numbered("d", 3)]).await?;
    loader.finish(Vec::new(), checkpoint(3)).await?;
    is_the_first(&*moment).await?;
    drop(moment);
    let later = group.moment().await?;
    same("a later moment's checkpoint", &later.checkpoint().await?, &checkpoint(3))?;
    let rows = later.scan(THINGS_TABLE, &Predicate::All, None, 9).await?;
    same("a later moment's rows", &rows, &vec![numbered("d", 3)])?;
    put(&group, THINGS_TABLE, vec![numbered("d", 4)], 4).await
}

async fn is_the_first(moment: &dyn RowMoment) -> Checked {
    let both = vec![numbered("a", 1), numbered("b", 1)];
    same("the moment's checkpoint", &moment.checkpoint().await?, &checkpoint(1))?;
    same("its parked keys", &moment.parked().await?, &Vec::new())?;
    same("its rows", &moment.scan(THINGS_TABLE, &Predicate::All, None, 9).await?, &both)?;
    let keys = [key("a"), key("b"), key("c")];
    same("its rows by key", &moment.rows(THINGS_TABLE, &keys).await?, &both)
}

pub(super) async fn moved_on(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1)]).await?;
    let fitting = RowsBatch { only_at: Some(1), ..batch(THINGS_TABLE, vec![numbered("a", 2)], 1) };
    group.write(&fitting).await?;
    same("the rows", &rows(&group).await?, &vec![numbered("a", 2)])?;
    let late = RowsBatch { only_at: Some(7), ..batch(THINGS_TABLE, vec![numbered("a", 3)], 7) };
    let answer = group.write(&late).await;
    holds!(answer == Err(RowError::Moved(1)), "a batch for another checkpoint was answered with {answer:?}");
    same("the rows", &rows(&group).await?, &vec![numbered("a", 2)])?;
    same("the checkpoint", &group.checkpoint().await?, &checkpoint(1))
}

async fn rows(group: &Opened) -> Checked<Vec<watershed_core::ports::StoredRow>> {
    Ok(group.scan(THINGS_TABLE, &Predicate::All, None, 9).await?)
}
