use watershed_core::ports::AppendError;
use watershed_core::{Position, Tag, Tenant};

use super::bench::{Bench, Log, fill, take};
use super::draft::Draft;
use crate::conformance::promise::{Checked, Problem, holds, same};

fn ticket(stream: &str, value: &str) -> Draft {
    Draft::on(stream).event("paid").tagged_once("ticket", value)
}

/// The append must be refused because of that tag, which an event at that position bears.
async fn taken(log: &Log, draft: Draft, value: &str, by: Position) -> Checked {
    match log.append(draft.into()).await {
        Err(AppendError::TagTaken { tag, position }) => {
            same("the tag that is taken", &tag.to_string(), &format!("ticket:{value}"))?;
            same("the event that bears it", &position, &by)
        }
        other => Err(Problem(format!("expected that ticket:{value} is taken, got {other:?}"))),
    }
}

pub(super) async fn once(bench: Bench) -> Checked {
    let log = bench.open().await;
    fill(&log, &["s"]).await?;
    take(&log, ticket("s", "t-1")).await?;
    taken(&log, ticket("s", "t-1"), "t-1", 2).await?;
    taken(&log, ticket("elsewhere", "t-1"), "t-1", 2).await?;
    take(&log, ticket("s", "t-2")).await?;
    take(&log, Draft::on("s").event("paid").tagged_once("coupon", "t-1")).await?;
    // Whoever bears it first, however: a second one is refused.
    take(&log, Draft::on("s").event("paid").tagged("ticket", "plain")).await?;
    taken(&log, ticket("s", "plain"), "plain", 5).await?;
    let second = Draft::on("s").events(&["other", "paid"]).tagged_once("ticket", "t-2");
    taken(&log, second, "t-2", 3).await
}

pub(super) async fn once_in_one_append(bench: Bench) -> Checked {
    let log = bench.open().await;
    let twice = ticket("s", "t-1").event("paid").tagged_once("ticket", "t-1");
    let answer = log.append(twice.into()).await;
    holds!(
        matches!(answer, Err(AppendError::TagTaken { .. })),
        "two events of one append bear ticket:t-1, which one may: {answer:?}"
    );
    same("the head", &log.head(), &0)?;
    take(&log, ticket("s", "t-1").event("paid").tagged_once("ticket", "t-2")).await?;
    Ok(())
}

pub(super) async fn one_wins(bench: Bench) -> Checked {
    let log = bench.open().await;
    for round in 0..10 {
        let value = format!("t-{round}");
        let answers: Vec<_> = (0..16)
            .map(|task| {
                let (log, draft) = (log.clone(), ticket(&format!("s-{task}"), &value));
                tokio::spawn(async move { log.append(draft.into()).await })
            })
            .collect();
        let (mut positions, mut refused) = (Vec::new(), 0);
        for answer in answers {
            match answer.await.map_err(Problem::new)? {
                Ok(appended) => positions.push(appended.position),
                Err(AppendError::TagTaken { .. }) => refused += 1,
                Err(other) => return Err(other.into()),
            }
        }
        same("how many were taken and how many refused", &(positions.len(), refused), &(1, 15))?;
        let first = log.find_tag(&Tenant::default(), &Tag::new("ticket", &value)).await?;
        same("the event that bears the tag", &first, &positions.first().copied())?;
    }
    Ok(())
}

pub(super) async fn free_after_refusal(bench: Bench) -> Checked {
    let log = bench.open().await;
    let refused = log.append(ticket("s", "t-1").expecting(4).into());
    let next = log.append(ticket("s", "t-1").into());
    holds!(refused.await.is_err(), "an append that expects version 4 of a new stream was taken");
    same("the append that uses the tag after it", &next.await?.position, &1)
}

pub(super) async fn looked_until(bench: Bench) -> Checked {
    let log = bench.open().await;
    fill(&log, &["s", "s", "s"]).await?;
    let looked = log.head();
    take(&log, ticket("s", "t-1").key("k-1")).await?;
    fill(&log, &["s", "s"]).await?;
    for until in 0..=log.head() {
        taken(&log, ticket("s", "t-1").looked_until(until), "t-1", 4).await?;
    }
    for until in 0..=looked {
        let answer = log.append(Draft::on("s").event("paid").key("k-1").looked_until(until).into()).await;
        same("one with a key that came after", &answer, &Err(AppendError::KeyTaken { position: 4 }))?;
    }
    let on_its_way = log.append(ticket("s", "t-2").key("k-2").looked_until(log.head()).into());
    let twin = log.append(ticket("s", "t-2").looked_until(6).into());
    let same_key = log.append(Draft::on("s").event("paid").key("k-2").looked_until(6).into());
    holds!(
        matches!(twin.await, Err(AppendError::TagTaken { position: 7, .. })),
        "a tag that was still on its way, where the caller could not see it, was used a second time"
    );
    same("a key that was still on its way", &same_key.await, &Err(AppendError::KeyTaken { position: 7 }))?;
    on_its_way.await?;
    Ok(())
}
