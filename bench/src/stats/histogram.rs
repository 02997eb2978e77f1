use std::time::Duration;

/// Values within one power of two are told apart by so many bits: an answer is at most 1.6 % too high.
const PRECISION: u32 = 6;
const SUB: usize = 1 << PRECISION;
/// Longer than this (2^40 ns, 18 minutes) counts as this.
const LONGEST: u32 = 40;
const BUCKETS: usize = SUB * (LONGEST - PRECISION + 1) as usize;

/// How long things took: counts in buckets whose width grows with the value (after HdrHistogram, Tene 2012).
#[derive(Clone)]
pub(crate) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0 }
    }
}

impl Histogram {
    /// Counts one.
    pub(crate) fn record(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(nanos)] += 1;
        self.count += 1;
    }

    /// Adds what another one has counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
    }

    /// How many were counted.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The time within which so large a share of all was done (nearest rank), in nanoseconds; 0 where nothing was counted.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts are far below 2^53, and a share is between 0 and 1"
        )]
        let rank = ((share * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (place, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper_end(place);
            }
        }
        0.0
    }

    /// [`Histogram::quantile`] in microseconds.
    pub(crate) fn micros(&self, share: f64) -> f64 {
        self.quantile(share) / 1e3
    }

    /// [`Histogram::quantile`] in milliseconds.
    pub(crate) fn millis(&self, share: f64) -> f64 {
        self.quantile(share) / 1e6
    }
}

fn bucket(nanos: u64) -> usize {
    let nanos = nanos.min((1 << LONGEST) - 1);
    let above = (u64::BITS - nanos.leading_zeros()).saturating_sub(PRECISION + 1);
    // Below 2 * SUB every value has its own bucket; above, each power of two has SUB of them.
    let sub = usize::try_from(nanos >> above).unwrap_or(usize::MAX);
    above as usize * SUB + sub
}

fn upper_end(place: usize) -> f64 {
    let above = (place / SUB).saturating_sub(1);
    let sub = place - above * SUB;
    #[expect(clippy::cast_precision_loss, reason = "below 2^40")]
    let end = (((sub as u64 + 1) << above) - 1) as f64;
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_never_below_the_truth_and_hardly_above() {
        let mut values: Vec<u64> =
            (0..20_000_u64).map(|number| crate::mix::mix(number) % (1 << (number % 39 + 1))).collect();
        let mut histogram = Histogram::default();
        for value in &values {
            histogram.record(Duration::from_nanos(*value));
        }
        values.sort_unstable();
        for share in [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0] {
            let rank = (share * values.len() as f64).ceil() as usize;
            let truth = values[rank - 1] as f64;
            let answer = histogram.quantile(share);
            assert!(answer >= truth, "{share}: {answer} < {truth}");
            assert!(answer <= truth * 1.016 + 1.0, "{share}: {answer} > {truth}");
        }
    }

    #[test]
    fn the_longest_wait_has_a_bucket() {
        let mut histogram = Histogram::default();
        histogram.record(Duration::from_secs(1 << 20));
        histogram.record(Duration::ZERO);
        let mut other = Histogram::default();
        other.merge(&histogram);
        assert_eq!(other.count(), 2);
        assert_eq!(other.quantile(0.5), 0.0);
        assert!(other.quantile(1.0) > 1e12);
    }
}
