use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use watershed_core::ports::{LogError, LogVisitor, NameCache, RawEvent, Scope};
use watershed_core::{Boundary, StoredEvent};

use super::bench::{
    Bench, Log, boundary_scope, positions, read, read_all, read_in_pages, stream_scope, take,
};
use super::draft::{Draft, Facts, expected, found};
use crate::conformance::promise::{Checked, Problem, holds, same};

pub(super) async fn envelope(bench: Bench) -> Checked {
    let log = bench.open().await;
    let full = Draft::on("s")
        .event("coop.family.payment-received")
        .payload(r#"{ "b": 1.50, "a": [null, true, "\u00e9"],  "z": {} }"#)
        .tagged("sku", "a")
        .tagged("shelf", "a:b")
        .tagged_once("ticket", "t")
        .event("coop.family.empty")
        .payload("{}")
        .with(|append| {
            append.events[0].schema = 42;
            append.actor = Some("sarah".into());
            append.correlation = Some("corr-1".into());
            append.causation = Some("cause-1".into());
            append.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
        });
    let empty = Draft::on("s").event("other").with(|append| append.actor = Some("".into()));
    let mut wanted: Vec<Facts> = Vec::new();
    for draft in [full, empty, Draft::on("t").event("plain")] {
        let appended = take(&log, draft.clone()).await?;
        wanted.extend(expected(draft.append(), appended.position, appended.version));
    }
    for scope in [Scope::Log, stream_scope("s"), boundary_scope(&Boundary::tag("sku", "a"))] {
        for event in read_in_pages(&log, &scope, 100).await? {
            let place = usize::try_from(event.position - 1).unwrap_or(0);
            same("the event", &found(&event), &wanted[place])?;
        }
    }
    Ok(())
}

/// A log of 53 events: every third in stream `s`, of these every second with sku:a.
async fn fifty_three(bench: &Bench) -> Checked<Log> {
    let log = bench.open().await;
    for number in 1..=53_u64 {
        let mut draft = Draft::on(if number % 3 == 0 { "s" } else { "other" }).event("happened");
        if number % 6 == 0 {
            draft = draft.tagged("sku", "a");
        }
        take(&log, draft).await?;
    }
    Ok(log)
}

/// Reads within the scope from each place with each limit; `all` is what there is, by place.
async fn every_page(log: &Log, scope: &Scope, all: &[(u64, u64)]) -> Checked {
    let last = all.last().map_or(0, |(place, _)| *place);
    for after in 0..=last + 1 {
        let rest: Vec<u64> =
            all.iter().filter(|(at, _)| *at > after).map(|(_, position)| *position).collect();
        for limit in [1, 2, 7, rest.len(), rest.len() + 1, 1_000] {
            if limit == 0 {
                continue;
            }
            let page = read(log, scope, after, limit).await?;
            let what = format!("after {after}, at most {limit}");
            same(&what, &positions(&page.events), &rest.iter().copied().take(limit).collect())?;
            holds!(
                page.complete == (rest.len() <= limit),
                "{what}: of {} events there, complete was {}",
                rest.len(),
                page.complete
            );
            same("the head", &page.head, &53)?;
        }
    }
    Ok(())
}

pub(super) async fn log(bench: Bench) -> Checked {
    let log = fifty_three(&bench).await?;
    let all: Vec<_> = (1..=53).map(|position| (position, position)).collect();
    every_page(&log, &Scope::Log, &all).await
}

pub(super) async fn stream(bench: Bench) -> Checked {
    let log = fifty_three(&bench).await?;
    let all: Vec<_> = (1..=17).map(|version| (version, version * 3)).collect();
    every_page(&log, &stream_scope("s"), &all).await?;
    every_page(&log, &stream_scope("unknown"), &[]).await
}

pub(super) async fn boundary(bench: Bench) -> Checked {
    let log = fifty_three(&bench).await?;
    let all: Vec<_> = (1..=8).map(|number| (number * 6, number * 6)).collect();
    every_page(&log, &boundary_scope(&Boundary::tag("sku", "a")), &all).await?;
    let named = Boundary::tag("sku", "a").named(["happened", "unknown"]);
    every_page(&log, &boundary_scope(&named), &all).await?;
    every_page(&log, &boundary_scope(&Boundary::tag("sku", "a").named(["unknown"])), &[]).await?;
    every_page(&log, &boundary_scope(&Boundary::tag("sku", "a").and("sku", "b")), &[]).await
}

/// What a log remembers of such a boundary must be whole up to where it is taken to go.
pub(super) async fn few_among_many(bench: Bench) -> Checked {
    let log = bench.open().await;
    let few = boundary_scope(&Boundary::tag("sku", "a").named(["few"]));
    let mut all = Vec::new();
    for number in 1..=400_u64 {
        let name = if number % 23 == 0 { "few" } else { "many" };
        let other = if number % 3 == 0 { "b" } else { "c" };
        let draft = Draft::on("s").event(name).tagged("sku", "a").tagged("shelf", other);
        let position = take(&log, draft).await?.position;
        if name == "few" {
            all.push(position);
        }
        // Pages, and ends of the list, come before the whole and between.
        if number % 40 != 0 {
            continue;
        }
        let middle = all.get(all.len() / 2).copied().unwrap_or_default();
        for after in [middle, 0, number - 20, number] {
            let rest: Vec<u64> = all.iter().copied().filter(|at| *at > after).collect();
            for limit in [1, 2, 500] {
                let page = read(&log, &few, after, limit).await?;
                let what = format!("of {number} after {after}, at most {limit}");
                same(&what, &positions(&page.events), &rest.iter().copied().take(limit).collect())?;
                same(&what, &page.complete, &(rest.len() <= limit))?;
            }
        }
        let both = boundary_scope(&Boundary::tag("shelf", "b").and("sku", "a").named(["few"]));
        let both = read_in_pages(&log, &both, 3).await?;
        let wanted = all.iter().copied().filter(|at| at % 3 == 0).collect();
        same("those that bear both tags", &positions(&both), &wanted)?;
    }
    Ok(())
}

pub(super) async fn beyond(bench: Bench) -> Checked {
    let log = fifty_three(&bench).await?;
    for scope in [Scope::Log, stream_scope("s"), boundary_scope(&Boundary::tag("sku", "a"))] {
        for after in [53, 54, u64::from(u32::MAX), i64::MAX as u64, u64::MAX] {
            let page = read(&log, &scope, after, usize::MAX).await?;
            same("what lies beyond the end", &page.events.len(), &0)?;
            holds!(page.complete, "after {after} there should be no more in {scope:?}");
        }
        let page = read(&log, &scope, 0, usize::MAX).await?;
        holds!(page.complete, "everything was asked for, and it was not complete in {scope:?}");
    }
    Ok(())
}

pub(super) async fn while_writing(bench: Bench) -> Checked {
    let log = bench.open().await;
    let done = Arc::new(AtomicBool::new(false));
    let tagged = Boundary::tag("sku", "a");
    let named = boundary_scope(&tagged.clone().named(["one"]));
    let readers: Vec<_> = [Scope::Log, boundary_scope(&tagged), named, stream_scope("s-1")]
        .into_iter()
        .map(|scope| tokio::spawn(follow(log.clone(), scope, done.clone())))
        .collect();
    let mut writers = tokio::task::JoinSet::new();
    for task in 0..8 {
        let log = log.clone();
        writers.spawn(async move {
            for _ in 0..40 {
                let one = Draft::on(&format!("s-{}", task % 4)).event("one").tagged("sku", "a");
                take(&log, one.event("two").tagged("sku", "a")).await?;
            }
            Ok::<_, Problem>(())
        });
    }
    for result in writers.join_all().await {
        result?;
    }
    done.store(true, Ordering::Release);
    for (reader, wanted) in readers.into_iter().zip([640, 640, 320, 160]) {
        let seen = reader.await.map_err(Problem::new)??;
        same("how many events a reader has seen in the end", &seen, &wanted)?;
    }
    Ok(())
}

/// Reads the scope over and over while others write: what was seen before must be there again, and more behind it.
async fn follow(log: Log, scope: Scope, done: Arc<AtomicBool>) -> Checked<usize> {
    let mut seen: Vec<Arc<StoredEvent>> = Vec::new();
    loop {
        let last = done.load(Ordering::Acquire);
        let head = log.head();
        let all =
            if scope == Scope::Log { read_all(&log).await? } else { read_in_pages(&log, &scope, 64).await? };
        holds!(
            scope != Scope::Log || all.len() as u64 >= head,
            "the head was {head}, but {} events could be read",
            all.len()
        );
        holds!(all.len() >= seen.len(), "{} events were there, then {}", seen.len(), all.len());
        for (before, now) in seen.iter().zip(&all) {
            same("an event that was read before", &found(now), &found(before))?;
        }
        seen = all;
        if last {
            return Ok(seen.len());
        }
        // A store may answer at once, every time: the writers must have their turn.
        tokio::task::yield_now().await;
    }
}

pub(super) async fn scan(bench: Bench) -> Checked {
    let log = fifty_three(&bench).await?;
    let full = Draft::on("s").event("full").tagged("sku", "a").tagged_once("ticket", "ü\"").with(|append| {
        append.actor = Some("sarah".into());
        append.correlation = Some("corr-1".into());
        append.causation = Some("cause-1".into());
        append.traceparent = Some("trace-1".into());
    });
    take(&log, full).await?;
    let read: Vec<Facts> = read_all(&log).await?.iter().map(|event| found(event)).collect();
    let scanned = tokio::task::spawn_blocking(move || scanned(&log, &read));
    scanned.await.map_err(Problem::new)?
}

/// Wants every so many of the events, and stops at one.
struct Scanning {
    every: u64,
    stop_at: u64,
    seen: Vec<Facts>,
    names: NameCache,
    problem: Option<LogError>,
}

impl LogVisitor for Scanning {
    fn wants(&mut self, position: u64) -> bool {
        position.is_multiple_of(self.every)
    }

    fn see(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        match event.to_stored(&mut self.names) {
            Ok(event) => self.seen.push(found(&event)),
            Err(error) => self.problem = Some(error),
        }
        if event.position == self.stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn scanned(log: &Log, read: &[Facts]) -> Checked {
    let Some(scanner) = log.scanner() else {
        return Ok(());
    };
    for (after, until, stop_at, every) in [
        (0, u64::MAX, 99, 1),
        (0, 54, 99, 1),
        (10, 20, 99, 1),
        (53, 54, 99, 1),
        (54, 99, 99, 1),
        (0, 54, 7, 1),
        (0, 54, 99, 5),
        (10, 20, 99, 15),
        (0, 54, 99, 60),
        (0, 54, 14, 7),
    ] {
        let mut scanning =
            Scanning { every, stop_at, seen: Vec::new(), names: NameCache::default(), problem: None };
        let last = scanner.scan(after, until, &mut scanning)?;
        if let Some(error) = scanning.problem {
            return Err(error.into());
        }
        let end = until.min(stop_at);
        let passed = read.iter().filter(|event| event.position > after && event.position <= end);
        let came_to = passed.clone().next_back().map_or(after, |event| event.position);
        let wanted: Vec<_> = passed.filter(|event| event.position.is_multiple_of(every)).cloned().collect();
        let what = format!("what a scan after {after} until {end} sees that wants one event in {every}");
        same(&what, &scanning.seen, &wanted)?;
        same("the last position that it came to", &last, &came_to)?;
    }
    Ok(())
}
