use serde::{Deserialize, Serialize};
use watershed_core::ports::{RowChange, RowKey};
use watershed_core::{Contribution, Measure, Position, Value};

use super::accumulator::json;
use super::table::RollupTable;
use super::{Accumulator, Pages, ReadRow};
use crate::projector::trouble::Trouble;

/// One group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// The contents of the group's columns.
    pub(super) group: Vec<Value>,
    /// How many rows contribute.
    pub(super) rows: i64,
    pub(super) accumulators: Vec<Accumulator>,
    pub(super) revision: u64,
    pub(super) dirty: bool,
}

#[derive(Serialize)]
struct StateRef<'g>(i64, &'g [Accumulator]);

#[derive(Deserialize)]
pub(super) struct State(pub(super) i64, pub(super) Vec<Accumulator>);

/// Where the pages of a group's values are read.
pub(super) struct Stored<'s> {
    pub(super) key: &'s RowKey,
    pub(super) read: ReadRow<'s>,
    pub(super) loaded: &'s mut usize,
}

impl Stored<'_> {
    /// The pages of the measure at that place.
    fn pages(&mut self, place: usize) -> Pages<'_> {
        Pages { group: self.key, place, read: self.read, loaded: self.loaded }
    }
}

impl Group {
    /// A group that nothing contributes to yet.
    pub(super) fn new(group: Vec<Value>, measures: &[Measure]) -> Self {
        let accumulators = measures.iter().filter_map(|measure| Accumulator::for_measure(*measure)).collect();
        Self { group, rows: 0, accumulators, revision: 0, dirty: false }
    }

    /// A group as it is stored.
    pub(super) fn stored(group: Vec<Value>, state: State, revision: u64, measures: &[Measure]) -> Self {
        let State(rows, mut accumulators) = state;
        let measures = measures.iter().filter(|measure| **measure != Measure::Group);
        for (accumulator, measure) in accumulators.iter_mut().zip(measures) {
            if let (Accumulator::Bag(bag), Measure::Top { most }) = (accumulator, measure) {
                bag.rank(usize::try_from(*most).unwrap_or(usize::MAX));
            }
        }
        Self { group, rows, accumulators, revision, dirty: false }
    }

    /// Takes a contribution in (`sign` 1) or out (`sign` -1).
    pub(super) fn take(
        &mut self,
        contribution: &Contribution,
        sign: i64,
        stored: &mut Stored<'_>,
    ) -> Result<(), Trouble> {
        self.rows += sign;
        for (place, (accumulator, input)) in
            self.accumulators.iter_mut().zip(&contribution.inputs).enumerate()
        {
            accumulator.take(input, sign, &mut stored.pages(place))?;
        }
        Ok(())
    }

    /// Puts a contribution in another one's place. What both give alike stays as it is.
    pub(super) fn replace(
        &mut self,
        old: &Contribution,
        new: &Contribution,
        stored: &mut Stored<'_>,
    ) -> Result<(), Trouble> {
        let inputs = old.inputs.iter().zip(&new.inputs);
        for (place, (accumulator, (old, new))) in self.accumulators.iter_mut().zip(inputs).enumerate() {
            if old != new {
                accumulator.take(old, -1, &mut stored.pages(place))?;
                accumulator.take(new, 1, &mut stored.pages(place))?;
            }
        }
        Ok(())
    }

    /// Takes in what another part of the same rows gives to this group. Nothing of either is stored.
    pub(super) fn merge(&mut self, other: Self, stored: &mut Stored<'_>) -> Result<(), Trouble> {
        self.rows += other.rows;
        for (place, (own, others)) in self.accumulators.iter_mut().zip(other.accumulators).enumerate() {
            own.merge(others, &mut stored.pages(place))?;
        }
        Ok(())
    }

    /// Makes the group ready to be stored, once everything has been taken.
    pub(super) fn settle(&mut self, stored: &mut Stored<'_>) -> Result<(), Trouble> {
        for (place, accumulator) in self.accumulators.iter_mut().enumerate() {
            accumulator.settle(&mut stored.pages(place))?;
        }
        Ok(())
    }

    /// The contents of the table's columns.
    pub(super) fn values(
        &mut self,
        table: &RollupTable,
        stored: &mut Stored<'_>,
    ) -> Result<Vec<Value>, Trouble> {
        let mut group = self.group.iter();
        let mut accumulators = self.accumulators.iter_mut().enumerate();
        let mut values = Vec::with_capacity(table.measures.len() + 1);
        for (measure, kind) in table.measures.iter().zip(&*table.kinds) {
            values.push(match (measure, measure != &Measure::Group) {
                (_, false) => group.next().cloned().unwrap_or_default(),
                (measure, true) => match accumulators.next() {
                    Some((place, accumulator)) => {
                        accumulator.value(*measure, *kind, &mut stored.pages(place))?
                    }
                    None => Value::Null,
                },
            });
        }
        values.push(json(&StateRef(self.rows, &self.accumulators)));
        Ok(values)
    }

    /// The changes of the pages that its values are in.
    pub(super) fn page_changes(
        &mut self,
        stored: &mut Stored<'_>,
        position: Position,
        changes: &mut Vec<RowChange>,
    ) {
        for (place, accumulator) in self.accumulators.iter_mut().enumerate() {
            if let Accumulator::Bag(bag) = accumulator {
                bag.page_changes(&stored.pages(place), position, changes);
            }
        }
    }

    /// Drops what is in memory of the pages.
    pub(super) fn forget_pages(&mut self) {
        for accumulator in &mut self.accumulators {
            if let Accumulator::Bag(bag) = accumulator {
                bag.forget_pages();
            }
        }
    }
}
