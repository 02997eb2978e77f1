use watershed_core::ports::{AppendError, Scope};
use watershed_core::{Boundary, StreamId, Tag, Tenant};

use super::bench::{Bench, Log, boundary_scope, positions, read, read_all, read_in_pages, read_stream, take};
use super::draft::{CATEGORY, Draft};
use crate::conformance::promise::{Checked, holds, same};

pub(super) async fn at_once(bench: Bench) -> Checked {
    let log = bench.open().await;
    let tenant = Tenant::default();
    for round in 1..=100_u64 {
        let (id, word) = (format!("s-{}", round % 10), format!("w-{round}"));
        take(&log, Draft::on(&id).event("happened").tagged("word", &word).key(&word)).await?;
        holds!(log.head() >= round, "event {round} is acknowledged, and the head is {}", log.head());
        let page = read(&log, &Scope::Log, round - 1, 10).await?;
        same("what can be read", &positions(&page.events), &vec![round])?;
        let tagged = read(&log, &boundary_scope(&Boundary::tag("word", &word)), 0, 10).await?;
        same("what is found within a boundary", &positions(&tagged.events), &vec![round])?;
        same("what bears the tag", &log.find_tag(&tenant, &Tag::new("word", &word)).await?, &Some(round))?;
        let key = log.find_key(&tenant, &word).await?;
        same("what bears the key", &key.map(|record| record.position), &Some(round))?;
        let version = log.stream_version(&tenant, &StreamId::new(CATEGORY, id.as_str())).await?;
        same("the stream's version", &version, &version_of(round))?;
    }
    Ok(())
}

/// How many of the first `round` rounds went to the stream of that round.
fn version_of(round: u64) -> u64 {
    (1..=round).filter(|earlier| earlier % 10 == round % 10).count() as u64
}

pub(super) async fn first_of_tag(bench: Bench) -> Checked {
    let log = bench.open().await;
    let tenant = Tenant::default();
    take(&log, Draft::on("s").event("plain")).await?;
    take(
        &log,
        Draft::on("s").event("plain").event("tagged").tagged("sku", "a").event("tagged").tagged("sku", "a"),
    )
    .await?;
    take(&log, Draft::on("t").event("tagged").tagged("sku", "a").tagged("shelf", "a")).await?;
    for (tag, first) in [
        (Tag::new("sku", "a"), Some(3)),
        (Tag::once("sku", "a"), Some(3)),
        (Tag::new("shelf", "a"), Some(5)),
        (Tag::new("sku", "A"), None),
        (Tag::new("sku", ""), None),
        (Tag::new("sku", "a "), None),
        (Tag::new("", "a"), None),
    ] {
        same(&format!("the first that bears {tag:?}"), &log.find_tag(&tenant, &tag).await?, &first)?;
    }
    Ok(())
}

const APPENDS: u64 = 400;
const EACH: u64 = 100;

pub(super) async fn many_events(bench: Bench) -> Checked {
    let log = bench.open().await;
    let first =
        Draft::on("first").event("first").tagged_once("ticket", "first").tagged("sku", "a").key("k-first");
    take(&log, first).await?;
    for number in 0..APPENDS {
        let mut draft = Draft::on(&format!("s-{}", number % 50));
        for event in 0..EACH {
            draft = draft.event("happened").tagged("number", &format!("{number}-{event}"));
        }
        take(&log, draft.tagged("sku", "a").key(&format!("k-{number}"))).await?;
    }
    same("how many events there are", &read_all(&log).await?.len(), &40_001)?;
    everything_is_found(&log).await?;
    drop(log);
    everything_is_found(&bench.open().await).await
}

/// Looks for early, middle and late things in every way there is.
async fn everything_is_found(log: &Log) -> Checked {
    let tenant = Tenant::default();
    for number in [0, 1, 150, APPENDS - 1] {
        let last = 1 + (number + 1) * EACH;
        let tag = Tag::new("number", format!("{number}-{}", EACH - 1));
        same("the only event that bears a tag", &log.find_tag(&tenant, &tag).await?, &Some(last))?;
        let key = log.find_key(&tenant, &format!("k-{number}")).await?;
        let key = key.map(|record| (record.position, record.version, record.events.len()));
        same("what is known of a key", &key, &Some((last, (number / 50 + 1) * EACH, 100)))?;
        let answer = log.append(Draft::on("s").event("again").key(&format!("k-{number}")).into()).await;
        same("an old key once more", &answer, &Err(AppendError::KeyTaken { position: last + 1 - EACH }))?;
    }
    let again = Draft::on("s").event("again").tagged_once("ticket", "first");
    let answer = log.append(again.into()).await;
    holds!(
        matches!(answer, Err(AppendError::TagTaken { position: 1, .. })),
        "a tag that was used once, 40,000 events ago: {answer:?}"
    );
    let under = Draft::on("s").event("again").unless(&Boundary::tag("number", "399-99"), 40_000);
    let answer = log.append(under.into()).await;
    same("a condition on the last event", &answer, &Err(AppendError::BoundaryMoved { position: 40_001 }))?;
    let events = read_stream(log, "s-7").await?;
    same("a stream's events", &events.len(), &800)?;
    let versions: Vec<u64> = events.iter().map(|event| event.version).collect();
    same("the stream's versions", &versions, &(1..=800).collect())?;
    let tagged =
        read_in_pages(log, &boundary_scope(&Boundary::tag("sku", "a").named(["happened"])), 64).await?;
    let wanted: Vec<u64> = (0..APPENDS).map(|number| 1 + (number + 1) * EACH).collect();
    same("what lies within a boundary", &positions(&tagged), &wanted)
}
