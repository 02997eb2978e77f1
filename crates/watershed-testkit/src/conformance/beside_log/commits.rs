use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use watershed_core::{Ask, Tenant};

use super::bench::{AGAIN, Bench, COUNTS, Counted, number, seen};
use crate::conformance::event_log::{Draft, read_all};
use crate::conformance::promise::{Checked, Problem, holds, on_its_own_thread, same};

pub(super) async fn at_once(bench: Bench) -> Checked {
    let counted = bench.open().await?;
    for round in 1..=60_u64 {
        let draft = Draft::on(&format!("s-{}", round % 7)).events(&["one", "two"]);
        let appended = counted.log.append(draft.into()).await?;
        let key = format!("s-{}", round % 7).into();
        let question = Ask { key: Some(key), ..Ask::rows(COUNTS) };
        let found = counted.counts.ask(&Tenant::default(), &question).await?;
        same("the position of an answer", &found.position, &(round * 2))?;
        let row = found.rows.first().map(|row| (number(row), row.position));
        let wanted = i64::try_from(appended.version).unwrap_or(0);
        same("the row and its position", &row, &Some((wanted, appended.position)))?;
    }
    Ok(())
}

pub(super) async fn in_flight(bench: Bench) -> Checked {
    let counted = bench.open().await?;
    let answers: Vec<_> =
        (0..80).map(|_| counted.log.append(Draft::on("s").events(&["one", "two"]).into())).collect();
    for answer in answers {
        answer.await?;
    }
    let wanted = (vec![("s".to_owned(), 160)], 160);
    same("the count", &seen(&counted.counts, COUNTS, &Tenant::default()).await?, &wanted)?;
    same("the second count", &seen(&counted.again, AGAIN, &Tenant::default()).await?, &wanted)
}

pub(super) async fn one_moment(bench: Bench) -> Checked {
    let counted = bench.open().await?;
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2).map(|_| on_its_own_thread(look_on(counted.clone(), done.clone()))).collect();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..16 {
        let log = counted.log.clone();
        writers.spawn(async move {
            for round in 0..40 {
                log.append(Draft::on(&format!("s-{}", (writer + round) % 20)).events(&["one", "two"]).into())
                    .await?;
            }
            Ok::<_, Problem>(())
        });
    }
    let written: Vec<_> = writers.join_all().await;
    done.store(true, Ordering::Release);
    for reader in readers {
        reader.await.map_err(Problem::new)??;
    }
    written.into_iter().collect::<Checked>()?;
    let (rows, position) = seen(&counted.counts, COUNTS, &Tenant::default()).await?;
    same("what is counted in the end", &(rows.len(), position), &(20, 1_280))
}

/// Every event is counted in one row: together they must give the position that the rows are as of.
async fn look_on(counted: Counted, done: Arc<AtomicBool>) -> Checked {
    while !done.load(Ordering::Acquire) {
        let (rows, position) = seen(&counted.counts, COUNTS, &Tenant::default()).await?;
        let sum: i64 = rows.iter().map(|(_, number)| number).sum();
        holds!(u64::try_from(sum) == Ok(position), "{sum} events are counted, as of position {position}");
    }
    Ok(())
}

pub(super) async fn tenants(bench: Bench) -> Checked {
    let counted = bench.open().await?;
    for (tenant, events) in [("default", 1), ("acme", 2), ("acme", 1), ("Acme", 5)] {
        let draft = Draft::on("s").tenant(tenant).events(&["happened"; 5][..events]);
        counted.log.append(draft.into()).await?;
    }
    for (tenant, wanted) in [("default", 1), ("acme", 3), ("Acme", 5)] {
        let (rows, _) = seen(&counted.counts, COUNTS, &Tenant::stored(tenant.into())).await?;
        same("the tenant's rows", &rows, &vec![("s".to_owned(), wanted)])?;
    }
    Ok(())
}

pub(super) async fn again(bench: Bench) -> Checked {
    for round in 1..=4 {
        let counted = bench.open().await?;
        for stream in 0..5 {
            let draft = Draft::on(&format!("s-{stream}")).events(&["one", "two", "three"]);
            counted.log.append(draft.into()).await?;
        }
        let (rows, position) = seen(&counted.counts, COUNTS, &Tenant::default()).await?;
        let wanted: Vec<_> = (0..5).map(|stream| (format!("s-{stream}"), round * 3)).collect();
        same("the counts", &rows, &wanted)?;
        let events = read_all(&counted.log).await?;
        same("how far the counts and the log have come", &position, &(events.len() as u64))?;
    }
    Ok(())
}
