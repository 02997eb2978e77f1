use watershed_core::ports::NameCache;

use super::exchange::{Ended, Exchange};
use super::fold::Fold;
use super::reader::Reader;
use super::work::Work;
use crate::projector::slice::Slice;

/// Reads its blocks of the log, and folds the rows of its part of the keys.
pub(super) struct Worker<'a> {
    work: &'a Work<'a>,
    worker: usize,
    exchange: Exchange,
    reader: Reader<'a>,
    fold: Fold<'a>,
    names: NameCache,
    /// What it folds in this pass; nothing where it only reads for the others.
    slice: Option<Slice>,
    passes: u64,
}

impl<'a> Worker<'a> {
    pub(super) fn new(work: &'a Work<'a>, worker: usize, exchange: Exchange) -> Self {
        let fold = Fold::new(work);
        let reader = Reader::new(work, worker, &fold.models);
        let names = NameCache::default();
        Self { work, worker, exchange, reader, fold, names, slice: None, passes: 0 }
    }

    /// Folds its part, in as many passes as the memory of any worker makes necessary.
    pub(super) fn run(mut self) -> Result<(), Ended> {
        let mut slices: Vec<Option<Slice>> =
            (0..self.work.workers()).map(|worker| Some(self.work.parts.of(worker))).collect();
        self.begin(self.work.parts.of(self.worker));
        while slices.iter().any(Option::is_some) {
            self.reader.begin(&slices);
            self.pass()?;
            self.passes += 1;
            let next = self.next();
            let with_earlier = self.worker == 0 && self.passes == 1;
            self.fold.refold_failed(with_earlier)?;
            self.fold.hand_over(with_earlier)?;
            match next {
                // Before anybody learns that the next pass has begun.
                Some(next) => self.begin(next),
                None => self.slice = None,
            }
            slices = self.exchange.agree(next)?;
        }
        Ok(())
    }

    fn begin(&mut self, slice: Slice) {
        self.slice = Some(slice);
        self.work.parts.set_last(self.worker, slice.last);
        self.fold.begin(slice);
        self.expect(slice);
    }

    /// Goes through the log: reads a block, and folds what comes of the blocks before, while the others read theirs.
    fn pass(&mut self) -> Result<(), Ended> {
        let rounds = self.reader.rounds();
        for round in 0..=rounds {
            if round < rounds {
                let (parcels, passed) = self.reader.read(round, &self.fold.models)?;
                self.exchange.send(parcels)?;
                self.report(passed)?;
            }
            if round > 0 {
                self.fold_round()?;
            }
        }
        Ok(())
    }

    fn fold_round(&mut self) -> Result<(), Ended> {
        for parcel in self.exchange.receive() {
            let (work, fold) = (self.work, &mut self.fold);
            parcel?.unpack(&mut self.names, |event| fold.take(&work.feed.decode(event)))?;
        }
        while let Some(slice) = self.slice
            && self.fold.footprint_of_slice() > self.room()
            && let Some(kept) = self.fold.drop_half()
        {
            self.work.parts.set_last(self.worker, kept.last);
            self.work.set_short();
            self.slice = Some(Slice { last: kept.last, ..slice });
            self.expect(kept);
        }
        Ok(())
    }

    fn footprint(&self) -> usize {
        self.fold.footprint() + self.reader.footprint()
    }

    /// What the rows of a slice may take.
    fn room(&self) -> usize {
        let others = self.footprint() - self.fold.footprint_of_slice();
        // Where the others leave too little, there is more in memory than there should be, rather than a pass for each share.
        self.work.memory_each.saturating_sub(others).max(self.work.memory_each / 4)
    }

    fn report(&self, passed: u64) -> Result<(), Ended> {
        Ok(self.work.report(self.worker, passed, self.footprint())?)
    }

    /// What of its part comes after this pass, as much as should fit in memory.
    fn next(&self) -> Option<Slice> {
        let kept = self.slice?;
        let rest = self.work.parts.of(self.worker).behind(kept)?;
        let (room, taken) = (self.room() as u64, self.fold.footprint_of_slice().max(1) as u64);
        // A tenth less than would fit if all shares were of one size: a pass that drops keys has folded them for nothing.
        let width = u64::from(kept.width()) * (room / 10 * 9) / taken;
        Some(rest.at_most(u16::try_from(width).unwrap_or(u16::MAX)))
    }

    /// Says how many passes it will take, with `slice` as large a part as is folded in one.
    fn expect(&self, slice: Slice) {
        let part = self.work.parts.of(self.worker);
        let left = (part.last - slice.first + 1).div_ceil(slice.width());
        self.work.expect_passes(self.worker, self.passes + u64::from(left));
    }
}
