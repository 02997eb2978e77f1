use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::{RawEvent, RawStore, SECONDS};
use crate::error::Problem;
use crate::lab::Lab;
use crate::load::closed_loop;
use crate::stats::Load;

/// How long the writer waits for as many events as its last commit had.
const GATHER: Duration = Duration::from_micros(100);
/// At most so many events share a commit.
const GROUP: usize = 1_024;

struct Job {
    event: RawEvent,
    ack: oneshot::Sender<()>,
}

/// Many callers, one writer: events queue, one thread takes all that wait, commits them together and answers each.
pub(crate) fn group_commit(lab: &Lab, callers: u64, streams: u64) -> Result<Load, Problem> {
    let dir = lab.dir()?;
    let (queue, writer) = start(dir.path())?;
    let runtime = lab.runtime()?;
    let load = runtime.block_on(closed_loop(callers, lab.time(SECONDS), |mut turns| {
        let queue = queue.clone();
        async move {
            while let Some(number) = turns.next() {
                append(&queue, RawEvent::numbered(number, streams)).await?;
                turns.done();
            }
            Ok(turns)
        }
    }));
    drop(queue);
    writer.join().map_err(|_| Problem::Panicked("the raw writer"))??;
    load
}

type Queue = mpsc::UnboundedSender<Job>;
type Writer = JoinHandle<Result<(), Problem>>;

fn start(dir: &Path) -> Result<(Queue, Writer), Problem> {
    let store = RawStore::create(dir)?;
    let (queue, jobs) = mpsc::unbounded_channel();
    let writer = std::thread::Builder::new().name("raw-writer".into()).spawn(move || write(store, jobs))?;
    Ok((queue, writer))
}

/// Answers when the event is on disk.
async fn append(queue: &Queue, event: RawEvent) -> Result<(), Problem> {
    let stopped = || Problem::Stopped("the raw writer");
    let (ack, acked) = oneshot::channel();
    queue.send(Job { event, ack }).map_err(|_| stopped())?;
    acked.await.map_err(|_| stopped())
}

fn write(mut store: RawStore, mut queue: mpsc::UnboundedReceiver<Job>) -> Result<(), Problem> {
    let mut batch: Vec<Job> = Vec::with_capacity(GROUP);
    let mut last = 1;
    while let Some(job) = queue.blocking_recv() {
        batch.push(job);
        gather(&mut queue, &mut batch, last);
        last = batch.len();
        store.insert(batch.iter().map(|job| &job.event))?;
        for job in batch.drain(..) {
            // A caller that has gone away needs no answer.
            let _ = job.ack.send(());
        }
    }
    Ok(())
}

/// Takes what waits; waits a little while it is less than last time, since those who have just been answered are about
/// to come back. Without this, callers fall into two halves that take turns.
fn gather(queue: &mut mpsc::UnboundedReceiver<Job>, batch: &mut Vec<Job>, last: usize) {
    let began = Instant::now();
    loop {
        while batch.len() < GROUP
            && let Ok(job) = queue.try_recv()
        {
            batch.push(job);
        }
        if batch.len() >= last || began.elapsed() >= GATHER {
            return;
        }
        std::thread::yield_now();
    }
}
