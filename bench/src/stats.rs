//! Latencies, rates, and what three runs say together.

mod histogram;
mod spread;

pub(crate) use histogram::Histogram;
pub(crate) use spread::Spread;

use std::time::Duration;

/// What a time of load gave.
pub(crate) struct Load {
    /// How long each operation took.
    pub(crate) latency: Histogram,
    /// How long all of them took.
    pub(crate) took: Duration,
    /// How much processor time the whole process used for each of them, in microseconds, callers included. Unlike all else,
    /// it says the same on a machine that is not quiet.
    pub(crate) processor: f64,
}

impl Load {
    /// Operations per second.
    pub(crate) fn rate(&self) -> f64 {
        per_second(self.latency.count(), self.took)
    }
}

/// So many in that time, per second.
pub(crate) fn per_second(count: u64, took: Duration) -> f64 {
    // Counts are far below 2^53, where every whole number is a float.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let count = count as f64;
    count / took.as_secs_f64().max(1e-9)
}

/// That time shared among so many, in microseconds.
pub(crate) fn micros_each(took: Duration, count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let count = count as f64;
    took.as_secs_f64() * 1e6 / count.max(1.0)
}
