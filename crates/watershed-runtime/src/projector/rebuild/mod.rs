//! A rebuild: every row folded anew from the log, in memory, and loaded in bulk beside the old ones.
//!
//! The keys are shared out among workers by hash, and each worker goes through the whole log for its own. Where a worker's rows
//! outgrow its memory, it drops one half of its keys and goes through the log once more for them: so memory is bounded whatever
//! the number of keys, each row is written once, and nothing is read back.

mod glimpse;
mod work;
mod worker;

use watershed_core::Position;
use watershed_core::ports::{Checkpoint, ReadFrom, Scope};

use super::live::Live;
use super::slice::Slice;
use work::Work;
use worker::Worker;

/// Rebuilds the group, and puts its fold where the new rows are.
pub(crate) fn rebuild(live: &mut Live) -> Result<(), String> {
    let target = live.feed.log().head();
    let loader = live.runtime.block_on(live.store.loader()).map_err(|error| error.to_string())?;
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
    let work = Work::new(live, loader, target, workers);
    std::thread::scope(|scope| {
        let work = &work;
        let slices = Slice::parts(workers as u64).into_iter().enumerate();
        let threads: Vec<_> = slices
            .map(|(worker, slice)| scope.spawn(move || Worker::new(work, worker).fill(slice)))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err("a worker of the rebuild panicked".to_owned()))
        })
    })?;
    let (sink, events_processed) = work.finished();
    let checkpoint = checkpoint_at(live, target, events_processed)?;
    sink.finish(&live.runtime, checkpoint.clone())?;
    live.checkpoint = checkpoint;
    for model in &mut live.models {
        model.clear();
    }
    live.progress.advance(&live.checkpoint);
    live.load().map_err(|trouble| trouble.to_string())
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
