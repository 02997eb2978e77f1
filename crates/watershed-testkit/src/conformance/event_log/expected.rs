use watershed_core::ports::AppendError;

use super::bench::{Bench, fill, read_stream, take};
use super::draft::Draft;
use crate::conformance::promise::{Checked, holds, same};

fn moved(expected: u64, actual: u64) -> AppendError {
    AppendError::Conflict { expected, actual }
}

pub(super) async fn conflict(bench: Bench) -> Checked {
    let log = bench.open().await;
    fill(&log, &["s", "s", "s", "other"]).await?;
    for (stream, expected, actual) in
        [("s", 2, 3), ("s", 4, 3), ("s", 0, 3), ("new", 1, 0), ("s", u64::MAX, 3)]
    {
        let answer = log.append(Draft::on(stream).expecting(expected).event("happened").into()).await;
        same("the answer", &answer, &Err(moved(expected, actual)))?;
    }
    take(&log, Draft::on("s").expecting(3).event("happened")).await?;
    take(&log, Draft::on("new").expecting(0).event("happened")).await?;
    take(&log, Draft::on("s").event("happened")).await?;
    same("how many events the stream has", &read_stream(&log, "s").await?.len(), &5)
}

pub(super) async fn one_wins(bench: Bench) -> Checked {
    let log = bench.open().await;
    for version in 0..10_u64 {
        let answers: Vec<_> = (0..24)
            .map(|_| {
                let log = log.clone();
                let draft = Draft::on("s").expecting(version).event("happened");
                tokio::spawn(async move { log.append(draft.into()).await })
            })
            .collect();
        let mut taken = 0;
        for answer in answers {
            match answer.await.map_err(crate::conformance::promise::Problem::new)? {
                Ok(appended) => {
                    taken += 1;
                    same("the version of the one that is taken", &appended.version, &(version + 1))?;
                }
                Err(error) => same("the answer to the others", &error, &moved(version, version + 1))?,
            }
        }
        same("how many were taken", &taken, &1)?;
    }
    Ok(())
}

pub(super) async fn pipelined(bench: Bench) -> Checked {
    let log = bench.open().await;
    let answers: Vec<_> = (0..20)
        .map(|version| log.append(Draft::on("s").expecting(version).event("happened").into()))
        .collect();
    for (answer, version) in answers.into_iter().zip(1..) {
        same("the version of the next in a row", &answer.await?.version, &version)?;
    }
    let first = log.append(Draft::on("t").expecting(0).events(&["one", "two"]).into());
    let wrong = log.append(Draft::on("t").expecting(1).event("happened").into());
    let on_wrong = log.append(Draft::on("t").expecting(3).event("happened").into());
    let right = log.append(Draft::on("t").expecting(2).event("happened").into());
    first.await?;
    same("one that expects what will not be", &wrong.await, &Err(moved(1, 2)))?;
    same("one that rests on an append that is refused", &on_wrong.await, &Err(moved(3, 2)))?;
    same("one that rests on the append before", &right.await?.version, &3)
}

pub(super) async fn only_its_own(bench: Bench) -> Checked {
    let log = bench.open().await;
    let drafts = (0..64).map(|number| {
        let draft = Draft::on(&format!("s-{number}")).event("happened");
        if number % 3 == 0 { draft.expecting(7) } else { draft }
    });
    let answers: Vec<_> = drafts.map(|draft| log.append(draft.into())).collect();
    for (answer, number) in answers.into_iter().zip(0..) {
        let answer = answer.await;
        holds!(
            answer.is_err() == (number % 3 == 0),
            "append {number} of 64, every third of which conflicts: {answer:?}"
        );
    }
    same("the head", &log.head(), &42)
}

pub(super) async fn upon(bench: Bench) -> Checked {
    let log = bench.open().await;
    let line = watershed_core::ports::Line::default();
    let on = |version| {
        let draft = Draft::on("s").expecting(version).event("happened");
        draft.with(|append| append.line = Some(line.clone()))
    };
    take(&log, on(0)).await?;
    // Somebody else comes first, and brings the stream to where the second of these expects it.
    let other = log.append(Draft::on("s").event("happened").into());
    let first = log.append(on(1).into());
    let second = log.append(on(2).into());
    other.await?;
    let answer = first.await;
    same("one that came too late", &answer, &Err(AppendError::Conflict { expected: 1, actual: 2 }))?;
    let answer = second.await;
    holds!(matches!(answer, Err(AppendError::Conflict { .. })), "one that was decided upon it: {answer:?}");
    let answer = log.append(on(2).into()).await;
    holds!(matches!(answer, Err(AppendError::Conflict { .. })), "one that comes later: {answer:?}");
    take(&log, Draft::on("s").expecting(2).event("happened")).await?;
    Ok(())
}
