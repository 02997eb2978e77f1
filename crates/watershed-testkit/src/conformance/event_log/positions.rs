use std::time::Duration;

use watershed_core::ports::Scope;
use watershed_core::{StreamId, Tag, Tenant};

use super::bench::{Bench, read, read_all, read_stream, take};
use super::draft::{CATEGORY, Draft, expected, found};
use crate::conformance::promise::{Checked, holds, same};

pub(super) async fn fresh(bench: Bench) -> Checked {
    let log = bench.open().await;
    let tenant = Tenant::default();
    let stream = StreamId::new(CATEGORY, "a");
    same("the head", &log.head(), &0)?;
    let events = read(&log, &Scope::Log, 0, 10).await?;
    same("how many events there are", &events.events.len(), &0)?;
    holds!(events.complete && events.head == 0, "an empty log says that there is more: {events:?}");
    same("the version of a stream", &log.stream_version(&tenant, &stream).await?, &0)?;
    same("what bears a key", &log.find_key(&tenant, "k").await?, &None)?;
    same("what bears a tag", &log.find_tag(&tenant, &Tag::new("t", "1")).await?, &None)?;
    same("a snapshot", &log.load_snapshot(&tenant, &stream).await, &None)
}

pub(super) async fn contiguous(bench: Bench) -> Checked {
    let log = bench.open().await;
    let mut wanted = Vec::new();
    let (mut position, mut versions) = (0, [0_u64; 7]);
    for round in 0..150_usize {
        let names = &["one", "two", "three"][..=round % 3];
        let draft = Draft::on(&format!("s-{}", round % 7)).events(names);
        position += names.len() as u64;
        versions[round % 7] += names.len() as u64;
        let appended = take(&log, draft.clone()).await?;
        same("the position of an append's last event", &appended.position, &position)?;
        same("the stream's version after an append", &appended.version, &versions[round % 7])?;
        wanted.extend(expected(draft.append(), appended.position, appended.version));
    }
    same("the head", &log.head(), &position)?;
    let there: Vec<_> = read_all(&log).await?.iter().map(|event| found(event)).collect();
    same("the log", &there, &wanted)
}

pub(super) async fn versions(bench: Bench) -> Checked {
    let log = bench.open().await;
    for round in 0..60 {
        take(&log, Draft::on(&format!("s-{}", round % 4)).event("happened")).await?;
    }
    for stream in 0..4 {
        let events = read_stream(&log, &format!("s-{stream}")).await?;
        let versions: Vec<u64> = events.iter().map(|event| event.version).collect();
        same("the versions in a stream", &versions, &(1..=15).collect())?;
    }
    Ok(())
}

pub(super) async fn call_order(bench: Bench) -> Checked {
    let log = bench.open().await;
    let answers: Vec<_> =
        (0..40).map(|round| log.append(Draft::on(&format!("s-{round}")).event("happened").into())).collect();
    let mut positions = Vec::new();
    for answer in answers.into_iter().rev() {
        positions.push(answer.await?.position);
    }
    positions.reverse();
    same("the positions of 40 appends, in the order of the calls", &positions, &(1..=40).collect())
}

pub(super) async fn dropped_answers(bench: Bench) -> Checked {
    let log = bench.open().await;
    let drafts: Vec<Draft> =
        (0..40).map(|round| Draft::on(&format!("s-{round}")).events(&["one", "two"])).collect();
    for (draft, round) in drafts.iter().zip(0..) {
        let answer = log.append(draft.clone().into());
        if round % 2 == 0 {
            drop(answer);
        } else {
            // The answer is begun, and given up.
            let _ = tokio::time::timeout(Duration::ZERO, answer).await;
        }
    }
    let last = take(&log, Draft::on("last").event("happened")).await?;
    let events = read_all(&log).await?;
    same("where the log ends", &events.len(), &usize::try_from(last.position).unwrap_or(0))?;
    for draft in &drafts {
        let ids: Vec<_> = draft.append().events.iter().map(|event| event.id).collect();
        let there: Vec<_> = events.iter().filter(|event| ids.contains(&event.id)).collect();
        holds!(
            there.is_empty() || there.len() == 2,
            "of an append of two events, whose answer nobody waited for, {} is there",
            there.len()
        );
    }
    Ok(())
}
