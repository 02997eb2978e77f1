//! The log, decoded: every batch is read and decoded once, by whoever needs it first, and shared.

mod batch;
mod decoders;

pub(crate) use batch::{Batch, Decoded, FeedEvent};
pub(crate) use decoders::Decoders;

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Mutex;
use watershed_core::Position;
use watershed_core::ports::{EventLog, LogError, ReadFrom, Scope};

/// How many events are decoded at once.
const BATCH: usize = 2_048;
/// How many decoded batches are kept for projectors that are a little behind the others.
const KEPT: usize = 8;

/// Hands decoded events to projectors.
pub(crate) struct Feed {
    log: Arc<dyn EventLog>,
    decoders: Decoders,
    kept: Mutex<VecDeque<Arc<Batch>>>,
}

impl Feed {
    pub(crate) fn new(log: Arc<dyn EventLog>, decoders: Decoders) -> Self {
        Self { log, decoders, kept: Mutex::default() }
    }

    pub(crate) fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    /// The events after `position`: at least one where the log has come further. The batch may start earlier.
    pub(crate) async fn after(&self, position: Position) -> Result<Arc<Batch>, LogError> {
        let mut kept = self.kept.lock().await;
        if let Some(batch) = kept.iter().find(|batch| batch.covers(position + 1)) {
            return Ok(batch.clone());
        }
        let is_newest = kept.back().is_none_or(|last| last.last() <= position);
        if !is_newest {
            // Far behind: nobody else is likely to need these.
            drop(kept);
            return self.read(position).await;
        }
        let batch = self.read(position).await?;
        if !batch.events.is_empty() {
            kept.push_back(batch.clone());
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
        Ok(batch)
    }

    /// Decodes one event on its own.
    pub(crate) fn decode(&self, stored: Arc<watershed_core::StoredEvent>) -> FeedEvent {
        self.decoders.decode(stored)
    }

    async fn read(&self, after: Position) -> Result<Arc<Batch>, LogError> {
        let read = self.log.read(ReadFrom { scope: Scope::Log, after, limit: BATCH }).await?;
        let mut last = after;
        for event in &read.events {
            // Positions are gapless by construction: a hole is a defect, and is never waited out.
            if event.position != last + 1 {
                return Err(LogError::Hole { after: last, found: event.position });
            }
            last = event.position;
        }
        let events = read.events.into_iter().map(|stored| self.decoders.decode(stored)).collect();
        Ok(Arc::new(Batch { events }))
    }
}
