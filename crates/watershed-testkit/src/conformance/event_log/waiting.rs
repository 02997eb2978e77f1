use std::time::Duration;

use super::bench::{Bench, fill, take};
use super::draft::Draft;
use crate::conformance::promise::{Checked, Problem, holds};

/// Long enough for an answer that comes too early to have come.
const A_MOMENT: Duration = Duration::from_millis(60);

pub(super) async fn wait_past(bench: Bench) -> Checked {
    let log = bench.open().await;
    let early = tokio::time::timeout(A_MOMENT, log.wait_past(0)).await;
    holds!(early.is_err(), "an empty log has come past 0: {early:?}");
    fill(&log, &["s", "s", "s"]).await?;
    for position in 0..3 {
        let head = log.wait_past(position).await;
        holds!(head == 3, "waiting past {position} in a log of 3 events was answered with {head}");
    }
    for position in [3, 4, u64::MAX] {
        let early = tokio::time::timeout(A_MOMENT, log.wait_past(position)).await;
        holds!(early.is_err(), "a log of 3 events has come past {position}: {early:?}");
    }
    let waiting = {
        let log = log.clone();
        tokio::spawn(async move { log.wait_past(4).await })
    };
    fill(&log, &["s"]).await?;
    tokio::time::sleep(A_MOMENT).await;
    holds!(!waiting.is_finished(), "waiting past 4 ended in a log of 4 events");
    fill(&log, &["s"]).await?;
    let head = waiting.await.map_err(Problem::new)?;
    holds!(head >= 5, "waiting past 4 was answered with {head}");
    Ok(())
}

pub(super) async fn many(bench: Bench) -> Checked {
    let log = bench.open().await;
    let waiting: Vec<_> = (0..200_u64)
        .map(|number| {
            let log = log.clone();
            tokio::spawn(async move { (number / 2, log.wait_past(number / 2).await) })
        })
        .collect();
    for round in 0..50 {
        take(&log, Draft::on(&format!("s-{}", round % 5)).events(&["one", "two"])).await?;
    }
    for answer in waiting {
        let (past, head) = answer.await.map_err(Problem::new)?;
        holds!(head > past && head <= 100, "waiting past {past} was answered with {head}");
    }
    Ok(())
}
