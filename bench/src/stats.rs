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
