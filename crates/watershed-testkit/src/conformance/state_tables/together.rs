use watershed_core::ports::{AppendError, SaveRule};
use watershed_core::{StreamId, Tenant};

use super::bench::{Bench, Open, thing};
use crate::conformance::event_log::{Draft, read_all};
use crate::conformance::promise::{Checked, Problem, holds, same};

pub(super) async fn pipelined(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let state = |count: i64| thing("s", count, &[("wheel", 1, count), ("axle", count, 1)]);
    let mut answers = Vec::new();
    for version in 0..40_u64 {
        let count = i64::try_from(version).unwrap_or_default();
        let before = (version > 0).then(|| state(count - 1));
        let expected = (version > 0).then_some(version);
        let save = open.save(expected, before.as_ref(), &state(count))?;
        answers.push(open.log.append(open.append("t", version, save)));
    }
    for (version, answer) in (1..).zip(answers) {
        same("the version", &answer.await?.version, &version)?;
    }
    let mut wanted = state(39);
    wanted.children[0].reverse();
    same("the rows", &open.rows("t", 40).await?, &wanted)
}

pub(super) async fn upon_refused(bench: Bench) -> Checked {
    let open = bench.open().await?;
    open.make("other", &thing("taken", 1, &[])).await?;
    let (first, second, third) = (thing("s", 1, &[]), thing("taken", 1, &[]), thing("taken", 2, &[]));
    let made = open.log.append(open.append("t", 0, open.save(None, None, &first)?));
    let refused = open.log.append(open.append("t", 1, open.save(Some(1), Some(&first), &second)?));
    let upon = open.log.append(open.append("t", 2, open.save(Some(2), Some(&second), &third)?));
    made.await?;
    let answer = refused.await;
    let told = matches!(&answer, Err(AppendError::SaveRefused { rule: SaveRule::Unique, .. }));
    holds!(told, "a SKU that is taken: {answer:?}");
    let answer = upon.await;
    let moved = AppendError::StateMoved { expected: Some(2), actual: Some(1) };
    let conflict = AppendError::Conflict { expected: 2, actual: 1 };
    holds!(answer == Err(moved) || answer == Err(conflict), "what stands upon it: {answer:?}");
    same("the rows", &open.rows("t", 1).await?, &first)
}

const TASKS: u64 = 16;
const EACH: u64 = 30;
const THINGS: u64 = 5;

pub(super) async fn storm(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let mut writers = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let open = open.clone();
        writers.spawn(async move { writer(&open, task).await });
    }
    let mut taken = 0;
    for result in writers.join_all().await {
        taken += result?;
    }
    same("how many events there are", &open.log.head(), &taken)?;
    same("how many appends were taken", &taken, &(TASKS * EACH))?;
    agrees(&open).await
}

/// Adds one again and again, each time upon what it has loaded.
async fn writer(open: &Open, task: u64) -> Checked<u64> {
    let mut taken = 0;
    for turn in 0..EACH {
        let id = format!("t-{}", (task + turn) % THINGS);
        loop {
            let loaded = open.load(&id).await?;
            let stream = StreamId::new("thing", id.as_str());
            let version = open.log.stream_version(&Tenant::default(), &stream).await?;
            let (expected, before) = loaded.map(|loaded| (loaded.version, loaded.rows)).unzip();
            let count = before.as_ref().map_or(0, |rows| rows.children[0].len());
            let parts: Vec<(String, i64)> = (0..=count).map(|part| (format!("p-{part:04}"), 1)).collect();
            let parts: Vec<_> = parts.iter().map(|(name, size)| (name.as_str(), *size, 1)).collect();
            let after = thing(&id, i64::try_from(count + 1).unwrap_or_default(), &parts);
            let save = open.save(expected, before.as_ref(), &after)?;
            match open.log.append(open.append(&id, version, save)).await {
                Ok(_) => break,
                Err(AppendError::Conflict { .. } | AppendError::StateMoved { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        taken += 1;
    }
    Ok(taken)
}

/// A row's version is its stream's, and so is the number of its children.
async fn agrees(open: &Open) -> Checked {
    for number in 0..THINGS {
        let id = format!("t-{number}");
        let stream = StreamId::new("thing", id.as_str());
        let version = open.log.stream_version(&Tenant::default(), &stream).await?;
        let rows = open.rows(&id, version).await?;
        same("how many children it has", &(rows.children[0].len() as u64), &version)?;
    }
    Ok(())
}

pub(super) async fn again(bench: Bench) -> Checked {
    let open = bench.open().await?;
    for turn in 0..10 {
        writer(&open, turn).await?;
    }
    let events = read_all(&open.log).await?.len();
    drop(open);
    let open = bench.open().await?;
    same("the events", &read_all(&open.log).await?.len(), &events)?;
    agrees(&open).await?;
    let taken = writer(&open, 1).await?;
    holds!(taken == EACH, "{taken} were taken");
    open.log.append(Draft::on("plain").event("happened").into()).await.map_err(Problem::new)?;
    agrees(&open).await
}
