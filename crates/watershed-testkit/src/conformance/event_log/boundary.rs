use watershed_core::Boundary;
use watershed_core::ports::AppendError;

use super::bench::{Bench, take};
use super::draft::Draft;
use crate::conformance::promise::{Checked, Problem, holds, same};

fn in_between(position: u64) -> AppendError {
    AppendError::BoundaryMoved { position }
}

fn sku(value: &str) -> Boundary {
    Boundary::tag("sku", value)
}

pub(super) async fn moved(bench: Bench) -> Checked {
    let log = bench.open().await;
    take(&log, Draft::on("s").event("registered").tagged("sku", "a")).await?;
    let under = |after| Draft::on("t").event("happened").unless(&sku("a"), after);
    same("an append under a condition since 0", &log.append(under(0).into()).await, &Err(in_between(1)))?;
    take(&log, under(1)).await?;
    let second = Draft::on("s").events(&["other", "registered"]).tagged("sku", "a");
    take(&log, second).await?;
    let answer = log.append(under(1).into()).await;
    same("an append since the first match", &answer, &Err(in_between(4)))?;
    let answer = log.append(under(0).into()).await;
    holds!(
        matches!(answer, Err(AppendError::BoundaryMoved { position: 1 | 4 })),
        "after two matches, at 1 and 4, the answer was {answer:?}"
    );
    take(&log, under(4)).await?;
    take(&log, under(1_000)).await?;
    Ok(())
}

pub(super) async fn tags_and_names(bench: Bench) -> Checked {
    let log = bench.open().await;
    take(&log, Draft::on("s").event("registered").tagged("sku", "a").tagged("shelf", "1")).await?;
    let cases = [
        (sku("a").and("shelf", "1"), true),
        (sku("a").and("shelf", "2"), false),
        (sku("b"), false),
        (Boundary::tag("shelf", "a"), false),
        (sku("a").named(["retired", "registered"]), true),
        (sku("a").named(["retired"]), false),
        (sku("a").and("shelf", "1").named(["registered"]), true),
        (sku("a").and("shelf", "2").named(["registered"]), false),
    ];
    for (boundary, matches) in cases {
        let draft = Draft::on("t").event("happened").unless(&boundary, 0);
        let answer = log.append(draft.into()).await;
        holds!(
            answer.is_err() == matches,
            "an event `registered` with sku:a and shelf:1, and the boundary {boundary:?}: {answer:?}"
        );
    }
    Ok(())
}

pub(super) async fn not_moved(bench: Bench) -> Checked {
    let log = bench.open().await;
    let registered = || Draft::on("s").event("registered").tagged("sku", "a");
    take(&log, registered()).await?;
    take(&log, registered().tenant("elsewhere")).await?;
    take(&log, registered().unless(&sku("a"), 1)).await?;
    let own = Draft::on("s").event("registered").tagged("sku", "b");
    take(&log, own.events(&["registered"]).tagged("sku", "b").unless(&sku("b"), 0)).await?;
    take(&log, Draft::on("s").event("registered").tagged("sku", "A").unless(&sku("A"), 0)).await?;
    Ok(())
}

pub(super) async fn each(bench: Bench) -> Checked {
    let log = bench.open().await;
    take(&log, Draft::on("s").event("registered").tagged("sku", "a")).await?;
    take(&log, Draft::on("s").event("registered").tagged("sku", "b")).await?;
    let under = |a, b| Draft::on("t").event("happened").unless(&sku("a"), a).unless(&sku("b"), b);
    let cases = [(under(0, 2), 1), (under(1, 0), 2), (under(1, 1), 2)];
    for (draft, position) in cases {
        let conditions = draft.append().conditions.clone();
        let answer = log.append(draft.into()).await;
        same(&format!("an append under {conditions:?}"), &answer, &Err(in_between(position)))?;
    }
    let answer = log.append(under(0, 0).into()).await;
    holds!(
        matches!(answer, Err(AppendError::BoundaryMoved { position: 1 | 2 })),
        "both of its conditions had moved, at 1 and 2, and the answer was {answer:?}"
    );
    let confirming = Draft::on("t").unless(&sku("c"), 0).unless(&sku("b"), 0);
    let answer = log.append(confirming.into()).await;
    same("an append without events whose second condition has moved", &answer, &Err(in_between(2)))?;
    take(&log, under(1, 2)).await?;
    // What stands before it in its group moves the second as well.
    let first = log.append(Draft::on("u").event("registered").tagged("sku", "b").into());
    let second = log.append(under(4, 2).into());
    let third = log.append(under(4, 4).into());
    first.await?;
    same("an append whose second condition moves in its group", &second.await, &Err(in_between(4)))?;
    third.await?;
    Ok(())
}

pub(super) async fn one_wins(bench: Bench) -> Checked {
    let log = bench.open().await;
    for round in 0..10 {
        let boundary = sku(&format!("sku-{round}")).named(["registered"]);
        let answers: Vec<_> = (0..16)
            .map(|task| {
                let log = log.clone();
                let draft = Draft::on(&format!("s-{task}")).event("registered");
                let draft = draft.tagged("sku", &format!("sku-{round}")).unless(&boundary, 0);
                tokio::spawn(async move { log.append(draft.into()).await })
            })
            .collect();
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for answer in answers {
            match answer.await.map_err(Problem::new)? {
                Ok(appended) => taken.push(appended.position),
                Err(error) => refused.push(error),
            }
        }
        same("how many were taken", &taken.len(), &1)?;
        for error in refused {
            same("the answer to the others", &error, &in_between(taken[0]))?;
        }
    }
    Ok(())
}
