//! A rebuild: every row folded anew from the log, in memory, and loaded in bulk beside the old ones.
//!
//! The keys are shared out among workers by hash, and so is the reading: the log is cut into blocks, which the workers take in
//! turns. Whoever reads an event verifies it, and sends it to the worker that folds its row; everybody folds what comes in the
//! order of the log. Where a worker's rows outgrow its memory, it drops some of its keys, and all go through the
//! log once more for them, reading only what concerns them: so memory is bounded whatever the number of keys, each row is
//! written once, and nothing is read back.

mod exchange;
mod fold;
mod glimpse;
mod notes;
mod parcel;
mod parts;
mod reader;
mod work;
mod worker;

use watershed_core::Position;
use watershed_core::ports::{Checkpoint, Loader, ReadFrom, Scope};

use super::live::Live;
use super::stuck::on_same_terms;
use exchange::{Ended, Exchange};
pub(crate) use glimpse::{Glimpse, Passage, pass_through};
pub(crate) use work::Ground;
use work::{Sink, Work};
use worker::Worker;

/// Rebuilds the group, and puts its fold where the new rows are.
pub(crate) fn rebuild(live: &mut Live) -> Result<(), String> {
    let target = live.feed.log().head();
    let loader = live.runtime.block_on(live.store.loader()).map_err(|error| error.to_string())?;
    let (sink, events_processed) = fold_group(&Ground::of(live), loader, target)?;
    let checkpoint = checkpoint_at(live, target, events_processed)?;
    sink.finish(&live.runtime, checkpoint.clone())?;
    live.checkpoint = checkpoint;
    for model in &mut live.models {
        model.clear();
    }
    live.progress.advance(&live.checkpoint);
    live.load().map_err(|trouble| trouble.to_string())
}

/// Folds all rows of a group up to `target`, and hands them to the loader. Answers with what is left to be finished, and how
/// many events concerned a row.
pub(crate) fn fold_group(
    ground: &Ground<'_>,
    loader: Box<dyn Loader>,
    target: Position,
) -> Result<(Sink, u64), String> {
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
    let work = Work::new(ground, loader, target, workers);
    fold_all(&work, workers)?;
    Ok(work.finished())
}

/// Has the workers fold all rows, and hand them over.
fn fold_all(work: &Work<'_>, workers: usize) -> Result<(), String> {
    let ended: Vec<Result<(), Ended>> = std::thread::scope(|scope| {
        let exchanges = Exchange::between(workers).into_iter().enumerate();
        let threads: Vec<_> = exchanges
            .map(|(worker, exchange)| {
                scope.spawn(on_same_terms(move || Worker::new(work, worker, exchange).run()))
            })
            .collect();
        let panicked = || Err(Ended::Failed("a worker of the rebuild panicked".to_owned()));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| panicked())).collect()
    });
    let failed = ended.iter().find(|ended| matches!(ended, Err(Ended::Failed(_))));
    match failed.or_else(|| ended.iter().find(|ended| ended.is_err())) {
        Some(Err(ended)) => Err(ended.to_string()),
        _ => Ok(()),
    }
}

fn checkpoint_at(live: &Live, position: Position, events_processed: u64) -> Result<Checkpoint, String> {
    let mut checkpoint = Checkpoint {
        position,
        events_processed,
        // A group that is paused stays so, also after a restart.
        status: if live.checkpoint.status == "paused" { "paused" } else { "running" }.to_owned(),
        updated_at: Some(live.clock.now()),
        ..Checkpoint::default()
    };
    if position > 0 {
        let read = ReadFrom { scope: Scope::Log, after: position - 1, limit: 1 };
        let read = live.runtime.block_on(live.feed.log().read(read)).map_err(|error| error.to_string())?;
        if let Some(event) = read.events.first() {
            checkpoint.event_id = Some(event.id);
            checkpoint.event_version = event.version;
            checkpoint.event_time = Some(event.recorded_at);
        }
    }
    Ok(checkpoint)
}
