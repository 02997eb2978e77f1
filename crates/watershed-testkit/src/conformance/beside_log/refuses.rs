use watershed_core::Tenant;
use watershed_core::ports::AppendError;

use super::bench::{AGAIN, Bench, COUNTS, Counted, seen};
use crate::conformance::event_log::{Draft, read_all};
use crate::conformance::promise::{Checked, Problem, holds, same};

/// Appends of which every third is to be refused, all under way at once; then the rows must count what the log holds.
async fn third_refused(counted: &Counted, spoil: impl Fn(Draft) -> Draft) -> Checked<Vec<AppendError>> {
    let drafts = (0..60).map(|number| {
        let draft = Draft::on(&format!("s-{}", number % 4)).events(&["one", "two"]);
        if number % 3 == 0 { spoil(draft) } else { draft }
    });
    let answers: Vec<_> = drafts.map(|draft| counted.log.append(draft.into())).collect();
    let mut refused = Vec::new();
    for (answer, number) in answers.into_iter().zip(0..) {
        match answer.await {
            Ok(_) => holds!(number % 3 != 0, "append {number}, every third of which is at fault, was taken"),
            Err(error) => {
                holds!(number % 3 == 0, "append {number} was refused for another's fault: {error}");
                refused.push(error);
            }
        }
    }
    let events = read_all(&counted.log).await?;
    same("how many events there are", &events.len(), &80)?;
    for (group, view) in [(&counted.counts, COUNTS), (&counted.again, AGAIN)] {
        let (rows, position) = seen(group, view, &Tenant::default()).await?;
        same("how far the rows have come", &position, &80)?;
        let in_log = |stream: &str| events.iter().filter(|event| &*event.stream.id == stream).count();
        for (stream, number) in rows {
            same(&format!("the count of {stream}"), &usize::try_from(number), &Ok(in_log(&stream)))?;
        }
    }
    Ok(refused)
}

pub(super) async fn no_row(bench: Bench) -> Checked {
    let counted = bench.open().await?;
    let refused = third_refused(&counted, |draft| draft.event("poison")).await?;
    let by_fold = |error: &AppendError| matches!(error, AppendError::InlineRefused { model, problem } if model == COUNTS && problem == "it is poison");
    holds!(refused.iter().all(by_fold), "not all were refused by the fold, in its words: {refused:?}");
    drop(counted);
    let counted = bench.open().await?;
    let (rows, before) = seen(&counted.counts, COUNTS, &Tenant::default()).await?;
    let refused = counted.log.append(Draft::on("s-0").event("one").expecting(1_000).into()).await;
    holds!(refused.is_err(), "an append with a wrong expected version was taken");
    let after = seen(&counted.counts, COUNTS, &Tenant::default()).await?;
    same("the rows after a conflict", &after, &(rows, before))
}

pub(super) async fn all_folds(bench: Bench) -> Checked {
    let counted = bench.open().await?;
    let refused = third_refused(&counted, |draft| draft.event("bitter")).await?;
    let by_second =
        |error: &AppendError| matches!(error, AppendError::InlineRefused { model, .. } if model == AGAIN);
    holds!(refused.iter().all(by_second), "not all were refused by the second fold: {refused:?}");
    Ok(())
}

pub(super) async fn unwritable(bench: Bench) -> Checked {
    let counted = bench.open().await?;
    let refused = third_refused(&counted, |draft| draft.event("broken")).await?;
    match refused.iter().find(|error| matches!(error, AppendError::ReadOnly(_) | AppendError::Closed)) {
        Some(error) => Err(Problem(format!("a fold's mistake made the log fail: {error}"))),
        None => Ok(()),
    }
}
