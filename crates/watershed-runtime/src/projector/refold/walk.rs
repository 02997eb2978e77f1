//! A refold's way through the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use watershed_core::ports::{NameCache, ReadFrom, RowKey, Scope};
use watershed_core::{Position, StoredEvent, StreamId};

use super::Refold;
use crate::feed::Feed;
use crate::projector::pace::Pace;
use crate::projector::rebuild::{Glimpse, Passage, pass_through};
use crate::projector::slice::share;

/// Events between two looks at the pace: less than a millisecond's work.
const BLOCK: u64 = 512;
/// Reading a stream takes about as long as passing so many events.
const STREAM: u64 = 100;
/// How long the log may take to show what has been committed.
const MOMENT: Duration = Duration::from_secs(10);
/// Events of a stream that are read at once.
const CHUNK: usize = 1_024;

impl Refold {
    /// Folds what stands in the log up to `until`.
    ///
    /// # Errors
    /// Where the log cannot be read, holds an event that nobody can fold, or the pace says that it is to end.
    pub(crate) fn advance(
        &mut self,
        feed: &Arc<Feed>,
        runtime: &Handle,
        until: Position,
        pace: &mut Pace,
    ) -> Result<(), String> {
        if self.wanted.is_nothing() {
            self.position = self.position.max(until);
            return Ok(());
        }
        wait_for(feed, until)?;
        loop {
            if self.position == 0
                && let Some(keys) = self.few_streams(until)
            {
                for key in keys {
                    pace.step(|| self.read_streams(feed, runtime, &key, until))?;
                }
                self.position = until;
            }
            while self.position < until {
                let next = (self.position + BLOCK).min(until);
                pace.step(|| self.pass(feed, runtime, next))?;
            }
            if self.is_done() {
                return Ok(());
            }
        }
    }

    /// The keys, where reading their streams takes less than going through the log.
    fn few_streams(&self, until: Position) -> Option<Vec<RowKey>> {
        let named = self.wanted.named().filter(|_| self.is_by_stream())?;
        let is_less = (named.len() as u64).saturating_mul(STREAM) < until;
        is_less.then(|| named.iter().map(|(_, key)| key.clone()).collect())
    }

    fn read_streams(
        &mut self,
        feed: &Arc<Feed>,
        runtime: &Handle,
        key: &RowKey,
        until: Position,
    ) -> Result<(), String> {
        let mut categories: Vec<&str> = self
            .definition
            .models
            .iter()
            .flat_map(|model| &model.follows)
            .map(|(category, _, _)| *category)
            .collect();
        categories.sort_unstable();
        categories.dedup();
        let mut events: Vec<Arc<StoredEvent>> = Vec::new();
        for category in categories {
            let stream = StreamId::new(category, key.key.as_str());
            let mut after = 0;
            loop {
                let scope = Scope::Stream { tenant: key.tenant.clone(), stream: stream.clone() };
                let read = runtime.block_on(feed.log().read(ReadFrom { scope, after, limit: CHUNK }));
                let read = read.map_err(|error| error.to_string())?;
                after = read.events.last().map_or(after, |event| event.version);
                let complete = read.complete || read.events.is_empty();
                events.extend(read.events.into_iter().filter(|event| event.position <= until));
                if complete {
                    break;
                }
            }
        }
        events.sort_unstable_by_key(|event| event.position);
        events.into_iter().try_for_each(|stored| self.take(&feed.decode(stored)))
    }

    fn pass(&mut self, feed: &Arc<Feed>, runtime: &Handle, until: Position) -> Result<(), String> {
        let after = self.position;
        let by_stream = self.is_by_stream();
        let mut going = Going { refold: self, feed, by_stream, names: NameCache::default() };
        pass_through(feed, runtime, after, until, &mut going)?;
        self.position = until;
        Ok(())
    }
}

/// Waits until the log shows everything up to there. Rows that commit with the events are seen a moment before the log says that
/// it has come so far; its streams would then lack the newest event, and nobody would notice.
///
/// # Errors
/// Where that does not happen.
pub(crate) fn wait_for(feed: &Feed, position: Position) -> Result<(), String> {
    let since = Instant::now();
    while feed.log().head() < position {
        if since.elapsed() > MOMENT {
            return Err(format!("the log ends at {}, before {position}", feed.log().head()));
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    Ok(())
}

struct Going<'a> {
    refold: &'a mut Refold,
    feed: &'a Arc<Feed>,
    by_stream: bool,
    names: NameCache,
}

impl Passage for Going<'_> {
    fn wants(&self, _: Position) -> bool {
        true
    }

    fn see(&mut self, glimpse: &Glimpse<'_>) -> Result<(), String> {
        let (tenant, category, stream) = glimpse.stream();
        let follows = self.refold.definition.follows(category);
        if !follows || (self.by_stream && !self.refold.wanted.may_be(share(tenant, stream))) {
            return Ok(());
        }
        let event = self.feed.decode(glimpse.to_stored(&mut self.names)?);
        self.refold.take(&event)
    }
}
