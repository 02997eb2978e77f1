use std::sync::atomic::{AtomicU16, Ordering};

use crate::projector::slice::Slice;

/// Which keys are folded by which worker.
pub(super) struct Parts {
    /// By worker.
    parts: Vec<Slice>,
    /// Up to where the worker still folds them in this pass. Falls where its memory is short; a reader that has not heard of it
    /// sends what is thrown away.
    last: Vec<AtomicU16>,
}

impl Parts {
    pub(super) fn among(workers: usize) -> Self {
        let parts = Slice::parts(u16::try_from(workers).unwrap_or(u16::MAX));
        Self { last: parts.iter().map(|part| AtomicU16::new(part.last)).collect(), parts }
    }

    /// All keys of a worker.
    pub(super) fn of(&self, worker: usize) -> Slice {
        self.parts[worker]
    }

    /// The worker folds the keys up to there in the pass that it begins, or goes on with.
    pub(super) fn set_last(&self, worker: usize, last: u16) {
        self.last[worker].store(last, Ordering::Relaxed);
    }

    /// The worker that folds the share in a pass that was begun with these slices, if one does.
    #[inline]
    pub(super) fn folded_by(&self, share: u16, slices: &[Option<Slice>]) -> Option<usize> {
        let worker = self.parts.partition_point(|part| part.last < share);
        let slice = (*slices.get(worker)?)?;
        let last = slice.last.min(self.last[worker].load(Ordering::Relaxed));
        (slice.first..=last).contains(&share).then_some(worker)
    }
}
