use std::sync::{Arc, Mutex, PoisonError};

use watershed_core::StoredEvent;
use watershed_core::ports::{AppendError, InlineFold, RowsBatch, RowsNow};

use super::bench::{Bench, read_all, take};
use super::draft::{Draft, Facts, found};
use crate::conformance::promise::{Checked, holds, same};

type Seen = Arc<Mutex<Vec<Vec<Facts>>>>;

/// Writes down what it sees, changes no row, and refuses appends with an event `poison`.
struct Watcher(Seen);

impl InlineFold for Watcher {
    fn name(&self) -> &str {
        "watcher"
    }

    fn fold(&mut self, events: &[Arc<StoredEvent>], _: &dyn RowsNow) -> Result<RowsBatch, String> {
        if events.iter().any(|event| &*event.name == "poison") {
            return Err("it is poison".into());
        }
        let facts = events.iter().map(|event| found(event)).collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(facts);
        Ok(RowsBatch::default())
    }
}

pub(super) async fn sees(bench: Bench) -> Checked {
    let log = bench.open().await;
    take(&log, Draft::on("s").event("before")).await?;
    let seen = Seen::default();
    log.set_inline(vec![Box::new(Watcher(seen.clone()))]);
    let answers: Vec<_> = (0..30)
        .map(|round| {
            log.append(
                Draft::on(&format!("s-{}", round % 3)).events(&["one", "two"]).tagged("sku", "a").into(),
            )
        })
        .collect();
    for answer in answers {
        answer.await?;
    }
    let there: Vec<Facts> = read_all(&log).await?.iter().skip(1).map(|event| found(event)).collect();
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    holds!(
        seen.iter().all(|append| append.len() == 2),
        "a fold should see the events of one append at a time: it saw {:?}",
        seen.iter().map(Vec::len).collect::<Vec<_>>()
    );
    same("what the fold saw", &seen.concat(), &there)
}

pub(super) async fn refuses(bench: Bench) -> Checked {
    let log = bench.open().await;
    log.set_inline(vec![Box::new(Watcher(Seen::default()))]);
    let drafts = (0..40).map(|number| {
        let draft = Draft::on(&format!("s-{}", number % 4)).event("happened").key(&format!("k-{number}"));
        if number % 5 == 0 { draft.event("poison") } else { draft }
    });
    let answers: Vec<_> = drafts.map(|draft| log.append(draft.into())).collect();
    for (answer, number) in answers.into_iter().zip(0..) {
        match answer.await {
            Ok(_) => holds!(number % 5 != 0, "append {number}, which the fold refused, was taken"),
            Err(AppendError::InlineRefused { model, problem }) => {
                same("who refused it and why", &(&*model, &*problem), &("watcher", "it is poison"))?;
                holds!(number % 5 == 0, "append {number} was refused together with another");
            }
            Err(other) => return Err(other.into()),
        }
    }
    let events = read_all(&log).await?;
    same("how many events there are", &events.len(), &32)?;
    holds!(events.iter().all(|event| &*event.name != "poison"), "an event that was refused is there");
    let again = Draft::on("s-0").event("happened").key("k-0");
    take(&log, again).await?;
    Ok(())
}
