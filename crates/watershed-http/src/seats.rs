use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A bounded number of things at once.
#[derive(Debug, Clone)]
pub(crate) struct Seats {
    taken: Arc<AtomicUsize>,
    most: usize,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat(Arc<AtomicUsize>);

impl Seats {
    pub(crate) fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    /// Takes a seat; none where all are taken.
    pub(crate) fn take(&self) -> Option<Seat> {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        let seat = Seat(self.taken.clone());
        (before < self.most).then_some(seat)
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_seat_does_not_count_as_taken() {
        let seats = Seats::new(1);
        let first = seats.take();
        assert!(first.is_some());
        assert!(seats.take().is_none());
        assert!(seats.take().is_none());
        drop(first);
        assert_eq!(seats.taken(), 0);
        assert!(seats.take().is_some());
    }
}
