use watershed_core::Boundary;
use watershed_core::ports::AppendError;

use super::bench::{Bench, Log, fill, read_all, read_stream, take};
use super::draft::{Draft, expected, found};
use crate::conformance::promise::{Checked, Problem, holds, same};

pub(super) async fn together(bench: Bench) -> Checked {
    let log = bench.open().await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16 {
        let log = log.clone();
        tasks.spawn(async move {
            for _ in 0..5 {
                let draft = Draft::on(&format!("s-{}", task % 3)).events(&["one", "two", "three", "four"]);
                let appended = take(&log, draft.clone()).await?;
                let wanted = expected(draft.append(), appended.position, appended.version);
                let events = read_all(&log).await?;
                let there: Vec<_> = events
                    .iter()
                    .filter(|event| wanted.iter().any(|fact| fact.id == event.id))
                    .map(|event| found(event))
                    .collect();
                same("the events of one append", &there, &wanted)?;
            }
            Ok::<_, Problem>(())
        });
    }
    for result in tasks.join_all().await {
        result?;
    }
    Ok(())
}

pub(super) async fn nothing(bench: Bench) -> Checked {
    let log = bench.open().await;
    let used = Draft::on("used").event("happened").tagged_once("ticket", "t-1").tagged("sku", "a");
    take(&log, used.key("k-1")).await?;
    let three = || Draft::on("s").events(&["one", "two", "three"]);
    let refused = [
        ("its version", three().expecting(9)),
        ("its condition", three().unless(&Boundary::tag("sku", "a"), 0)),
        ("its last event's tag", three().tagged_once("ticket", "t-1")),
        ("its key", three().key("k-1")),
    ];
    for (what, draft) in refused {
        let answer = log.append(draft.into()).await;
        holds!(answer.is_err(), "an append was taken, though {what} should have had it refused: {answer:?}");
        same("the head after a refusal", &log.head(), &1)?;
        same("the stream after a refusal", &read_stream(&log, "s").await?.len(), &0)?;
    }
    let after = take(&log, three()).await?;
    same("where the next append stands", &(after.position, after.version), &(4, 3))
}

pub(super) async fn many(bench: Bench) -> Checked {
    let log = bench.open().await;
    fill(&log, &["before"]).await?;
    let draft = Draft::on("s").events(&["happened"; 1_000]);
    let appended = take(&log, draft.clone()).await?;
    same("where the last of 1,000 events stands", &(appended.position, appended.version), &(1_001, 1_000))?;
    let there: Vec<_> = read_stream(&log, "s").await?.iter().map(|event| found(event)).collect();
    same("the stream", &there, &expected(draft.append(), 1_001, 1_000))
}

pub(super) async fn barrier(bench: Bench) -> Checked {
    let log = bench.open().await;
    let on_empty = take(&log, Draft::on("s")).await?;
    same("the answer on an empty log", &(on_empty.position, on_empty.version), &(0, 0))?;
    fill(&log, &["s", "s", "other"]).await?;
    let answer = take(&log, Draft::on("s")).await?;
    same(
        "the answer after three events, two of them of the stream",
        &(answer.position, answer.version),
        &(3, 2),
    )?;

    let under_way: Vec<_> = (0..20).map(|_| log.append(Draft::on("s").event("happened").into())).collect();
    let answer = take(&log, Draft::on("s")).await?;
    same("the answer while 20 appends are under way", &(answer.position, answer.version), &(23, 22))?;
    holds!(log.head() >= 23, "it was answered while the head was {}", log.head());
    same("what can be read then", &read_all(&log).await?.len(), &23)?;
    for append in under_way {
        append.await?;
    }
    Ok(())
}

pub(super) async fn barrier_checked(bench: Bench) -> Checked {
    let log = bench.open().await;
    take(&log, Draft::on("s").event("happened").tagged("sku", "a").key("k")).await?;
    let refused = [
        (Draft::on("s").expecting(0), AppendError::Conflict { expected: 0, actual: 1 }),
        (Draft::on("s").unless(&Boundary::tag("sku", "a"), 0), AppendError::BoundaryMoved { position: 1 }),
        (Draft::on("s").key("k"), AppendError::KeyTaken { position: 1 }),
    ];
    for (draft, reason) in refused {
        same("the answer", &log.append(draft.into()).await, &Err(reason))?;
    }
    let taken = Draft::on("s").expecting(1).unless(&Boundary::tag("sku", "a"), 1);
    same("the answer to one that may pass", &take(&log, taken).await?.position, &1)?;
    in_turn(&log).await
}

/// What an append without events is checked against may still be on its way.
async fn in_turn(log: &Log) -> Checked {
    let event = log.append(Draft::on("s").expecting(1).event("happened").into());
    let late = log.append(Draft::on("s").expecting(1).into());
    let right = log.append(Draft::on("s").expecting(2).into());
    let reason = AppendError::Conflict { expected: 1, actual: 2 };
    same("one that expects what an append before it has changed", &late.await, &Err(reason))?;
    right.await?;
    event.await?;
    Ok(())
}
