use watershed_core::ports::{ParkedKey, StoredRow};
use watershed_core::{Ask, Direction, Predicate, Timestamp, Value};

use super::bench::{Bench, Opened, ask, checkpoint, hidden, in_tenant, key, keys, numbered, one, put, walk};
use super::pages::gives;
use super::specs::{EXTRAS, EXTRAS_TABLE, THINGS, THINGS_TABLE};
use super::values::random_things;
use crate::conformance::promise::{Checked, same};

fn parked(at: &str) -> ParkedKey {
    ParkedKey {
        table: THINGS_TABLE,
        key: key(at),
        position: 7,
        waiting: vec![7],
        error: "no".into(),
        fingerprint: "f".into(),
        since: Timestamp::from_micros(1),
        attempts: 1,
    }
}

fn extra(number: i64) -> StoredRow {
    StoredRow {
        key: key(&format!("here:{number}")),
        values: vec![Value::Text("here".into()), Value::Int(number), Value::Int(number)],
        position: 1,
        revision: 1,
        shown: true,
    }
}

async fn ids(group: &Opened, view: &'static str) -> Checked<Vec<String>> {
    let rows = walk(group, &Ask::rows(view)).await?;
    Ok(keys(&rows).into_iter().map(str::to_owned).collect())
}

fn texts(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

pub(super) async fn unseen(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("old", 1), numbered("both", 1)]).await?;
    put(&group, EXTRAS_TABLE, vec![extra(1)], 2).await?;
    let mut loader = group.loader().await?;
    loader.add(THINGS_TABLE, vec![numbered("new", 2), numbered("both", 2)]).await?;
    loader.add(EXTRAS_TABLE, vec![extra(5)]).await?;
    loader
        .add(THINGS_TABLE, vec![hidden(numbered("hidden", 2)), in_tenant("acme", numbered("new", 2))])
        .await?;
    same("the rows while they are loaded", &ids(&group, THINGS).await?, &texts(&["both", "old"]))?;
    same("a row while it is loaded", &ask(&group, &one("both")).await?.rows, &vec![numbered("both", 1)])?;
    same("the other table", &ids(&group, EXTRAS).await?, &texts(&["here:1"]))?;
    put(&group, THINGS_TABLE, vec![numbered("meanwhile", 3)], 3).await?;
    same("the rows after a change", &ids(&group, THINGS).await?, &texts(&["both", "meanwhile", "old"]))?;

    loader.finish(Vec::new(), checkpoint(50)).await?;
    same("the rows when they are loaded", &ids(&group, THINGS).await?, &texts(&["both", "new"]))?;
    same("the other table", &ids(&group, EXTRAS).await?, &texts(&["here:5"]))?;
    same("a row", &ask(&group, &one("both")).await?.rows, &vec![numbered("both", 2)])?;
    same("a row that was not loaded", &ask(&group, &one("old")).await?.rows.len(), &0)?;
    let all = group.scan(THINGS_TABLE, &Predicate::All, None, 100).await?;
    same("all that is there", &keys(&all), &vec!["new", "both", "hidden", "new"])?;
    same("the checkpoint", &group.checkpoint().await?, &checkpoint(50))?;
    same("the position of an answer", &ask(&group, &one("new")).await?.position, &50)
}

pub(super) async fn dropped(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("old", 1)]).await?;
    for _ in 0..3 {
        let mut loader = group.loader().await?;
        loader.add(THINGS_TABLE, vec![numbered("new", 2)]).await?;
        drop(loader);
        same("the rows", &ids(&group, THINGS).await?, &texts(&["old"]))?;
        same("the checkpoint", &group.checkpoint().await?, &checkpoint(1))?;
    }
    let mut loader = group.loader().await?;
    loader.add(THINGS_TABLE, vec![numbered("new", 2)]).await?;
    drop(loader);
    drop(group);
    let group = bench.things().await?;
    same("the rows after the store is opened again", &ids(&group, THINGS).await?, &texts(&["old"]))?;
    let mut loader = group.loader().await?;
    loader.add(THINGS_TABLE, vec![numbered("newer", 2)]).await?;
    loader.finish(Vec::new(), checkpoint(2)).await?;
    same("the rows of one that finished", &ids(&group, THINGS).await?, &texts(&["newer"]))
}

pub(super) async fn brings(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("old", 1)]).await?;
    let mut change = super::bench::batch(THINGS_TABLE, Vec::new(), 2);
    change.park = vec![parked("old"), parked("gone")];
    group.write(&change).await?;
    let rows = random_things(300, 41);
    let mut loader = group.loader().await?;
    for part in rows.chunks(70) {
        loader.add(THINGS_TABLE, part.to_vec()).await?;
    }
    loader.finish(vec![parked("new")], checkpoint(90)).await?;
    same("the parked keys", &group.parked().await?, &vec![parked("new")])?;
    same("the checkpoint", &group.checkpoint().await?, &checkpoint(90))?;
    for name in ["number", "word", "amount", "at"] {
        let sort = vec![(name.into(), Direction::Descending)];
        gives(&group, &rows, &Predicate::All, &sort, 40).await?;
        let filter = Predicate::IsNull { column: name.into() };
        gives(&group, &rows, &filter, &sort, 1_000).await?;
    }
    Ok(())
}

pub(super) async fn stays(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("old", 1)]).await?;
    let mut loader = group.loader().await?;
    let many: Vec<_> = (0..20_000).map(|number| numbered(&format!("k-{number:05}"), number)).collect();
    for part in many.chunks(4_096) {
        loader.add(THINGS_TABLE, part.to_vec()).await?;
    }
    loader.finish(vec![parked("x")], checkpoint(20_000)).await?;
    put(&group, THINGS_TABLE, vec![numbered("k-00003", -3)], 20_001).await?;
    drop(group);
    let group = bench.things().await?;
    let question = Ask { limit: Ask::MAX_LIMIT, ..Ask::rows(THINGS) };
    let rows = walk(&group, &question).await?;
    same("how many rows there are", &rows.len(), &20_000)?;
    same("a row that was loaded", &rows[19_999], &numbered("k-19999", 19_999))?;
    same("a row that was changed afterwards", &rows[3], &numbered("k-00003", -3))?;
    same("the checkpoint", &group.checkpoint().await?.position, &20_001)?;
    same("the parked keys", &group.parked().await?, &vec![parked("x")])?;
    let mut loader = group.loader().await?;
    loader.add(THINGS_TABLE, vec![numbered("last", 1)]).await?;
    loader.finish(Vec::new(), checkpoint(20_002)).await?;
    same("the rows after they are loaded once more", &ids(&group, THINGS).await?, &texts(&["last"]))
}
