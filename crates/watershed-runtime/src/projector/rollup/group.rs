use serde::{Deserialize, Serialize};
use watershed_core::{Contribution, Measure, Value};

use super::accumulator::{Accumulator, json};
use super::table::RollupTable;

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

#[derive(Serialize, Deserialize)]
pub(super) struct State(pub(super) i64, pub(super) Vec<Accumulator>);

impl Group {
    /// A group that nothing contributes to yet.
    pub(super) fn new(group: Vec<Value>, measures: &[Measure]) -> Self {
        let accumulators = measures.iter().filter_map(|measure| Accumulator::for_measure(*measure)).collect();
        Self { group, rows: 0, accumulators, revision: 0, dirty: false }
    }

    /// Takes a contribution in (`sign` 1) or out (`sign` -1).
    pub(super) fn take(&mut self, contribution: &Contribution, sign: i64) {
        self.rows += sign;
        for (accumulator, input) in self.accumulators.iter_mut().zip(&contribution.inputs) {
            accumulator.take(input, sign);
        }
        self.dirty = true;
    }

    /// Takes in what another part of the same rows gives to this group.
    pub(super) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.dirty |= other.dirty;
        for (own, others) in self.accumulators.iter_mut().zip(other.accumulators) {
            own.merge(others);
        }
    }

    /// The contents of the table's columns.
    pub(super) fn values(&self, table: &RollupTable) -> Vec<Value> {
        let mut group = self.group.iter();
        let mut accumulators = self.accumulators.iter();
        let columns = table.measures.iter().zip(&*table.kinds).map(|(measure, kind)| match measure {
            Measure::Group => group.next().cloned().unwrap_or_default(),
            measure => {
                accumulators.next().map_or(Value::Null, |accumulator| accumulator.value(*measure, *kind))
            }
        });
        let mut values: Vec<Value> = columns.collect();
        values.push(json(&State(self.rows, self.accumulators.clone())));
        values
    }
}
