//! Lines on their way, side by side: those of one stream in one lane, in their order.

use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;

use super::importer::Prepared;
use super::importing::Batch;

/// How many commands are under way at once: what the log commits together.
const LANES: usize = 64;
/// How many lines wait in a lane.
const DEPTH: usize = 64;

/// A line that has been read.
pub(super) struct Job {
    pub(super) line: u64,
    pub(super) content: Vec<u8>,
    pub(super) prepared: Prepared,
    pub(super) key: Arc<str>,
    /// Its share of what may be in memory at once, until it is done.
    pub(super) _share: OwnedSemaphorePermit,
}

/// The lanes of one batch.
pub(super) struct Lanes {
    senders: Vec<mpsc::Sender<Job>>,
    running: Vec<JoinHandle<()>>,
}

impl Lanes {
    pub(super) fn open(batch: &Arc<Batch>) -> Self {
        let (mut senders, mut running) = (Vec::with_capacity(LANES), Vec::with_capacity(LANES));
        for _ in 0..LANES {
            let (sender, mut jobs) = mpsc::channel::<Job>(DEPTH);
            let batch = batch.clone();
            // Not tied to whoever brings the lines: what has been read is taken, also where they have gone.
            running.push(tokio::spawn(async move {
                while let Some(job) = jobs.recv().await {
                    batch.take(job).await;
                }
            }));
            senders.push(sender);
        }
        Self { senders, running }
    }

    /// Puts a line in its lane; waits while that is full.
    pub(super) async fn put(&self, job: Job) {
        let about = if job.prepared.id.is_empty() { &job.prepared.foreign_id } else { &job.prepared.id };
        // The high bits: the low ones of this hash are poor.
        let lane = (FxBuildHasher.hash_one(about) >> 40) as usize % LANES;
        // invariant: a lane takes lines as long as it has a sender.
        let _ = self.senders[lane].send(job).await;
    }

    /// Waits until every line has been answered.
    pub(super) async fn close(self) {
        drop(self.senders);
        for lane in self.running {
            if let Err(error) = lane.await {
                tracing::error!(%error, "a lane of an import ended early");
            }
        }
    }
}
