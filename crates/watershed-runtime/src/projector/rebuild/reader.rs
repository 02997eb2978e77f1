use watershed_core::ports::NameCache;
use watershed_core::{KeyedBy, Position};

use super::glimpse::{Glimpse, Passage, go_through};
use super::notes::{Notes, Wanted};
use super::parcel::Parcel;
use super::work::Work;
use crate::projector::AnyModel;
use crate::projector::fold::{Concern, concern};
use crate::projector::slice::{Slice, share, share_of};

/// Reads a worker's blocks of the log, and sorts the events out to those that fold them.
pub(super) struct Reader<'a> {
    work: &'a Work<'a>,
    worker: usize,
    /// All models are keyed by stream: an event's row is known before it is decoded.
    by_stream: bool,
    names: NameCache,
    notes: Notes,
    /// What is folded in this pass, by worker.
    slices: Vec<Option<Slice>>,
    wanted: Wanted,
}

/// Which rows an event concerns, by the shares of their keys.
enum Destination {
    Nobody,
    One(u16),
    Several(Vec<u16>),
    Everybody,
}

impl<'a> Reader<'a> {
    pub(super) fn new(work: &'a Work<'a>, worker: usize, models: &[Box<dyn AnyModel>]) -> Self {
        Self {
            work,
            worker,
            by_stream: matches!(models, [model] if model.keyed_by() == KeyedBy::Stream),
            names: NameCache::default(),
            notes: Notes::new(work.most_notes),
            slices: Vec::new(),
            wanted: Wanted::of(&[]),
        }
    }

    /// A pass begins, in which these slices are folded.
    pub(super) fn begin(&mut self, slices: &[Option<Slice>]) {
        self.wanted = Wanted::of(slices);
        self.slices = slices.to_vec();
    }

    pub(super) fn footprint(&self) -> usize {
        self.notes.footprint()
    }

    /// How many rounds it takes until the workers have read all blocks.
    pub(super) fn rounds(&self) -> u64 {
        self.work.target.div_ceil(self.work.block).div_ceil(self.work.workers() as u64)
    }

    /// Reads the block that is this worker's in that round. Answers with the events for each worker, and how many it has passed.
    pub(super) fn read(
        &mut self,
        round: u64,
        models: &[Box<dyn AnyModel>],
    ) -> Result<(Vec<Parcel>, u64), String> {
        let (block, target) = (self.work.block, self.work.target);
        let workers = self.work.workers();
        let number = round * workers as u64 + self.worker as u64;
        let (after, until) = ((number * block).min(target), ((number + 1) * block).min(target));
        let parcels = (0..workers).map(|_| Parcel::default()).collect();
        let mut sorting = Sorting { models, after, first: round * block, parcels, reader: self };
        go_through(sorting.reader.work, after, until, &mut sorting)?;
        Ok((sorting.parcels, until - after))
    }
}

/// The reading of a block.
struct Sorting<'r, 'a> {
    reader: &'r mut Reader<'a>,
    models: &'r [Box<dyn AnyModel>],
    /// The block begins after this position; its first event has this number among the reader's.
    after: Position,
    first: u64,
    /// By worker.
    parcels: Vec<Parcel>,
}

impl Passage for Sorting<'_, '_> {
    #[inline]
    fn wants(&self, position: Position) -> bool {
        self.reader.notes.may_be(&self.reader.wanted, self.number(position))
    }

    fn see(&mut self, event: &Glimpse<'_>) -> Result<(), String> {
        let (tenant, category, stream) = event.stream();
        if !self.reader.work.follows(category) {
            self.note(event.position(), &Destination::Nobody);
            return Ok(());
        }
        if self.reader.by_stream {
            let share = share(tenant, stream);
            self.note(event.position(), &Destination::One(share));
            if let Some(worker) = self.folded_by(share) {
                self.parcels[worker].push(event);
            }
            return Ok(());
        }
        let destination = self.destination(event)?;
        self.note(event.position(), &destination);
        self.send(event, &destination);
        Ok(())
    }
}

impl Sorting<'_, '_> {
    fn number(&self, position: Position) -> u64 {
        self.first + (position - self.after - 1)
    }

    fn note(&mut self, position: Position, destination: &Destination) {
        // Without a further pass nobody reads notes.
        if !self.reader.work.is_short() {
            return;
        }
        let number = self.number(position);
        match destination {
            Destination::Nobody => self.reader.notes.remember(number, None),
            Destination::One(share) => self.reader.notes.remember(number, Some(*share)),
            Destination::Several(_) | Destination::Everybody => {}
        }
    }

    fn folded_by(&self, share: u16) -> Option<usize> {
        self.reader.work.parts.folded_by(share, &self.reader.slices)
    }

    /// Whom an event concerns that says so itself.
    fn destination(&mut self, event: &Glimpse<'_>) -> Result<Destination, String> {
        let event = self.reader.work.feed.decode(event.to_stored(&mut self.reader.names)?);
        let mut destination = Destination::Nobody;
        for (number, model) in self.models.iter().enumerate() {
            let unknown = self.reader.work.definition.models[number].contract.unknown;
            let concerned = match concern(&**model, unknown, &event) {
                Concern::Nothing => continue,
                Concern::Stop(problem) => return Err(problem),
                Concern::Matching(_) => Destination::Everybody,
                // Rows that others read are everybody's.
                _ if number + 1 < self.models.len() => Destination::Everybody,
                Concern::One(key) | Concern::Unreadable(key, _) => Destination::One(share_of(&key)),
                Concern::Many(keys) => Destination::Several(keys.iter().map(share_of).collect()),
            };
            if !matches!(destination, Destination::Everybody) {
                destination = concerned;
            }
        }
        Ok(destination)
    }

    fn send(&mut self, event: &Glimpse<'_>, destination: &Destination) {
        let slices = &self.reader.slices;
        let mut workers: Vec<usize> = match destination {
            Destination::Nobody => return,
            Destination::One(share) => self.folded_by(*share).into_iter().collect(),
            Destination::Several(shares) => {
                shares.iter().filter_map(|share| self.folded_by(*share)).collect()
            }
            Destination::Everybody => (0..slices.len()).filter(|worker| slices[*worker].is_some()).collect(),
        };
        workers.sort_unstable();
        workers.dedup();
        workers.into_iter().for_each(|worker| self.parcels[worker].push(event));
    }
}
