use watershed_core::ports::{AppendError, KeyRecord};
use watershed_core::{StreamId, Tenant};

use super::bench::{Bench, fill, read_all, take};
use super::draft::{CATEGORY, Draft, fingerprint};
use crate::conformance::promise::{Checked, Problem, holds, same};

/// What must be known of an append of these events to the stream `s` that ended there.
pub(super) fn record(key: &str, version: u64, position: u64, events: &[&str]) -> KeyRecord {
    KeyRecord {
        fingerprint: fingerprint(key),
        stream: StreamId::new(CATEGORY, "s"),
        version,
        position,
        events: events.iter().map(|name| (*name).into()).collect(),
    }
}

pub(super) async fn taken_once(bench: Bench) -> Checked {
    let log = bench.open().await;
    let tenant = Tenant::default();
    fill(&log, &["other", "s"]).await?;
    take(&log, Draft::on("s").events(&["one", "two", "three"]).key("k-1")).await?;
    take(&log, Draft::on("s").event("four").key("k-2")).await?;
    let found = log.find_key(&tenant, "k-1").await?;
    same("what is known of k-1", &found, &Some(record("k-1", 4, 5, &["one", "two", "three"])))?;
    let found = log.find_key(&tenant, "k-2").await?;
    same("what is known of k-2", &found, &Some(record("k-2", 5, 6, &["four"])))?;
    same("what is known of k-3", &log.find_key(&tenant, "k-3").await?, &None)?;
    same("what is known of k", &log.find_key(&tenant, "k").await?, &None)?;

    let again = Draft::on("s").events(&["one", "two", "three"]).key("k-1");
    same("the same once more", &log.append(again.into()).await, &Err(AppendError::KeyTaken { position: 3 }))?;
    let other = Draft::on("t").event("other").key("k-1").with(|append| {
        if let Some(idempotency) = &mut append.idempotency {
            idempotency.fingerprint = [7; 16];
        }
    });
    same(
        "another with that key",
        &log.append(other.into()).await,
        &Err(AppendError::KeyTaken { position: 3 }),
    )?;
    same("the head", &log.head(), &6)
}

pub(super) async fn one_wins(bench: Bench) -> Checked {
    let log = bench.open().await;
    for round in 0..10 {
        let key = format!("k-{round}");
        let answers: Vec<_> = (0..16)
            .map(|_| {
                let (log, draft) = (log.clone(), Draft::on("s").events(&["one", "two"]).key(&key));
                tokio::spawn(async move { log.append(draft.into()).await })
            })
            .collect();
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for answer in answers {
            match answer.await.map_err(Problem::new)? {
                Ok(appended) => taken.push(appended),
                Err(error) => refused.push(error),
            }
        }
        same("how many were taken", &taken.len(), &1)?;
        for error in refused {
            let first = taken[0].position - 1;
            same("the answer to the others", &error, &AppendError::KeyTaken { position: first })?;
        }
        let found = log.find_key(&Tenant::default(), &key).await?;
        let wanted = record(&key, taken[0].version, taken[0].position, &["one", "two"]);
        same("what is known of the key", &found, &Some(wanted))?;
    }
    same("how many events there are", &read_all(&log).await?.len(), &20)
}

pub(super) async fn free_after_refusal(bench: Bench) -> Checked {
    let log = bench.open().await;
    let refused = log.append(Draft::on("s").event("one").expecting(4).key("k").into());
    let empty = log.append(Draft::on("s").key("k").into());
    let next = log.append(Draft::on("s").event("two").key("k").into());
    holds!(refused.await.is_err(), "an append that expects version 4 of a new stream was taken");
    empty.await?;
    same("the append that uses the key after these two", &next.await?.position, &1)?;
    let found = log.find_key(&Tenant::default(), "k").await?;
    same("what is known of the key", &found, &Some(record("k", 1, 1, &["two"])))
}
