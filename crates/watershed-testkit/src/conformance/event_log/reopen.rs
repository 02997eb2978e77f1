use watershed_core::ports::{AppendError, Scope};
use watershed_core::{Boundary, StreamId, Tag, Tenant};

use super::bench::{Bench, boundary_scope, fill, positions, read_all, read_in_pages, read_stream, take};
use super::draft::{CATEGORY, Draft, found};
use super::keys::record;
use crate::conformance::promise::{Checked, holds, same};

pub(super) async fn everything(bench: Bench) -> Checked {
    let log = bench.open().await;
    let tenant = Tenant::default();
    take(&log, Draft::on("s").events(&["one", "two"]).tagged("sku", "a").key("k-1")).await?;
    for round in 0..50 {
        let draft = Draft::on(&format!("s-{}", round % 5)).event("happened").tagged("sku", "a");
        take(&log, draft.key(&format!("later-{round}"))).await?;
    }
    let before: Vec<_> = read_all(&log).await?.iter().map(|event| found(event)).collect();
    drop(log);
    for _ in 0..3 {
        let log = bench.open().await;
        same("the head", &log.head(), &52)?;
        let after: Vec<_> = read_all(&log).await?.iter().map(|event| found(event)).collect();
        same("the log", &after, &before)?;
        let key = log.find_key(&tenant, "k-1").await?;
        same("what is known of a key", &key, &Some(record("k-1", 2, 2, &["one", "two"])))?;
        let later = log.find_key(&tenant, "later-49").await?;
        same("where the last key stands", &later.map(|record| record.position), &Some(52))?;
        same("the first with sku:a", &log.find_tag(&tenant, &Tag::new("sku", "a")).await?, &Some(2))?;
        let version = log.stream_version(&tenant, &StreamId::new(CATEGORY, "s-3")).await?;
        same("a stream's version", &version, &10)?;
        same("a stream's events", &read_stream(&log, "s-3").await?.len(), &10)?;
        let tagged = read_in_pages(&log, &boundary_scope(&Boundary::tag("sku", "a")), 10).await?;
        same("what bears sku:a", &positions(&tagged), &(2..=52).collect())?;
    }
    Ok(())
}

pub(super) async fn goes_on(bench: Bench) -> Checked {
    for round in 0..5_u64 {
        let log = bench.open().await;
        let once = |value: &str| Draft::on("s").event("paid").tagged_once("ticket", value);
        for earlier in 0..round {
            let answer = log.append(once(&format!("t-{earlier}")).into()).await;
            holds!(
                matches!(answer, Err(AppendError::TagTaken { position, .. }) if position == earlier + 1),
                "a tag that was used before the log was opened again: {answer:?}"
            );
            let answer = log.append(Draft::on("s").event("paid").key(&format!("k-{earlier}")).into()).await;
            let taken = AppendError::KeyTaken { position: earlier + 1 };
            same("a key that was used before the log was opened again", &answer, &Err(taken))?;
        }
        let stale = Draft::on("s").event("paid").expecting(round + 1);
        let conflict = AppendError::Conflict { expected: round + 1, actual: round };
        same("an append with a wrong expected version", &log.append(stale.into()).await, &Err(conflict))?;
        let draft = once(&format!("t-{round}")).key(&format!("k-{round}")).expecting(round);
        let appended = take(&log, draft.unless(&Boundary::tag("ticket", format!("t-{round}")), 0)).await?;
        same("where it goes on", &(appended.position, appended.version), &(round + 1, round + 1))?;
    }
    let log = bench.open().await;
    same("the log", &positions(&read_in_pages(&log, &Scope::Log, 2).await?), &(1..=5).collect())
}

pub(super) async fn identity(bench: Bench) -> Checked {
    let log = bench.open().await;
    let identity = log.identity();
    fill(&log, &["s"]).await?;
    drop(log);
    let log = bench.open().await;
    same("the identity after the log is opened again", &log.identity(), &identity)?;
    holds!(!identity.id.is_nil(), "the log's id is nil, which every log without an id would have");
    Ok(())
}
