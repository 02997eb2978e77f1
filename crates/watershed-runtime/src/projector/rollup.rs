//! The upkeep of rollups: groups of accumulators that take a row's old contribution out and its new one in.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use watershed_core::ports::{RowChange, RowKey, StoredRow};
use watershed_core::{
    ColumnKind, ColumnSpec, Contribution, Decimal, Input, Key, Measure, Position, TableSpec, Tenant, Value,
};

/// The column behind a rollup's own, which holds what its groups are made of. Readers do not see it.
const STATE: &str = "_state";

/// A rollup's table: the columns that readers see, and what each is made of.
#[derive(Clone)]
pub(crate) struct RollupTable {
    spec: TableSpec,
    measures: &'static [Measure],
    kinds: Arc<[ColumnKind]>,
}

impl RollupTable {
    pub(crate) fn new(readers: TableSpec, measures: &'static [Measure]) -> Self {
        let kinds = readers.columns.iter().map(|column| column.kind).collect();
        let mut columns = readers.columns.into_owned();
        columns.push(ColumnSpec {
            name: STATE.into(),
            kind: ColumnKind::Json,
            optional: false,
            key: false,
            indexed: false,
            searched: false,
            internal: true,
        });
        Self { spec: TableSpec { columns: columns.into(), ..readers }, measures, kinds }
    }

    /// The table as the store keeps it.
    pub(crate) fn spec(&self) -> &TableSpec {
        &self.spec
    }

    fn group_key(&self, group: &[Value]) -> Key {
        match group {
            [one] => Key::from(plain(one)),
            several => {
                let parts: Vec<_> = several.iter().map(plain).collect();
                let parts: Vec<&dyn std::fmt::Display> = parts.iter().map(|part| part as _).collect();
                Key::joined(&parts)
            }
        }
    }
}

/// A group's column as text, as the row type's own key writes it.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

/// What one measure of one group is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Accumulator {
    /// How many rows counted.
    #[serde(rename = "n")]
    Count(i64),
    /// The sum, and how many numbers are in it.
    #[serde(rename = "s")]
    Sum(Decimal, i64),
    /// How often each number occurs.
    #[serde(rename = "b")]
    Bag(BTreeMap<Decimal, i64>),
    /// The sum for each word, and how many rows gave it.
    #[serde(rename = "w")]
    Words(BTreeMap<String, (Decimal, i64)>),
}

impl Accumulator {
    fn for_measure(measure: Measure) -> Option<Self> {
        match measure {
            Measure::Group => None,
            Measure::Count => Some(Self::Count(0)),
            Measure::Sum | Measure::Avg { .. } => Some(Self::Sum(Decimal::ZERO, 0)),
            Measure::Quantile { .. } => Some(Self::Bag(BTreeMap::new())),
            Measure::CountBy | Measure::SumBy => Some(Self::Words(BTreeMap::new())),
        }
    }

    /// Takes an input in (`sign` 1) or out (`sign` -1).
    fn take(&mut self, input: &Input, sign: i64) {
        match (self, input) {
            (Self::Count(rows), Input::Yes) => *rows += sign,
            (Self::Sum(sum, rows), Input::Number(number)) => {
                *sum += signed(*number, sign);
                *rows += sign;
            }
            (Self::Bag(bag), Input::Number(number)) => {
                let times = bag.entry(*number).or_default();
                *times += sign;
                if *times == 0 {
                    bag.remove(number);
                }
            }
            (Self::Words(words), Input::Words(given)) => {
                for (word, number) in given {
                    let (sum, rows) = words.entry(word.clone()).or_default();
                    *sum += signed(*number, sign);
                    *rows += sign;
                    if *rows == 0 {
                        words.remove(word);
                    }
                }
            }
            // An input of another kind gives nothing: so a row may leave a measure out.
            _ => {}
        }
    }

    fn value(&self, measure: Measure, kind: ColumnKind) -> Value {
        let number = |number: Decimal| match kind {
            ColumnKind::Int => number.rounded(0).to_i64().map_or(Value::Null, Value::Int),
            _ => Value::Decimal(number),
        };
        match (self, measure) {
            (Self::Count(rows), _) => Value::Int(*rows),
            (Self::Sum(sum, _), Measure::Sum) => number(*sum),
            (Self::Sum(sum, rows), Measure::Avg { scale }) => {
                sum.divided_by(Decimal::from(*rows), scale).map_or(Value::Null, number)
            }
            (Self::Bag(bag), Measure::Quantile { share }) => quantile(bag, share).map_or(Value::Null, number),
            (Self::Words(words), Measure::CountBy) => json(
                &words
                    .iter()
                    .map(|(word, (sum, _))| (word, sum.to_i64().unwrap_or(i64::MAX)))
                    .collect::<BTreeMap<_, _>>(),
            ),
            (Self::Words(words), _) => {
                json(&words.iter().map(|(word, (sum, _))| (word, sum)).collect::<BTreeMap<_, _>>())
            }
            _ => Value::Null,
        }
    }
}

fn signed(number: Decimal, sign: i64) -> Decimal {
    if sign < 0 { -number } else { number }
}

fn json<T: Serialize>(value: &T) -> Value {
    // invariant: maps from texts to numbers are JSON
    Value::Json(serde_json::to_string(value).unwrap_or_default().into())
}

/// The nearest rank: the smallest number such that at least `share` of all are not above it.
fn quantile(bag: &BTreeMap<Decimal, i64>, share: f64) -> Option<Decimal> {
    let all: i64 = bag.values().sum();
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a rank, not an amount")]
    let rank = ((all as f64 * share).ceil() as i64).clamp(1, all.max(1));
    let mut seen = 0;
    bag.iter().find_map(|(number, times)| {
        seen += times;
        (seen >= rank).then_some(*number)
    })
}

/// One group.
#[derive(Debug, Clone)]
struct Group {
    /// The contents of the group's columns.
    group: Vec<Value>,
    /// How many rows contribute.
    rows: i64,
    accumulators: Vec<Accumulator>,
    revision: u64,
    dirty: bool,
}

#[derive(Serialize, Deserialize)]
struct State(i64, Vec<Accumulator>);

/// The groups of one rollup that are in memory, and the changes that wait to be taken in.
pub(crate) struct RollupState {
    table: RollupTable,
    groups: FxHashMap<RowKey, Group>,
    waiting: Vec<(Tenant, Option<Contribution>, Option<Contribution>)>,
}

/// Groups that are kept in memory between batches.
const KEPT: usize = 50_000;

impl RollupState {
    pub(crate) fn new(table: RollupTable) -> Self {
        Self { table, groups: FxHashMap::default(), waiting: Vec::new() }
    }

    /// A row gave `old` and now gives `new`.
    pub(crate) fn change(&mut self, tenant: &Tenant, old: Option<Contribution>, new: Option<Contribution>) {
        if old != new {
            self.waiting.push((tenant.clone(), old, new));
        }
    }

    /// The groups that waiting changes are about and that are not in memory.
    pub(crate) fn missing(&self) -> Vec<RowKey> {
        let mut missing: Vec<RowKey> = self
            .waiting
            .iter()
            .flat_map(|(tenant, old, new)| {
                old.iter().chain(new).map(move |contribution| (tenant, contribution))
            })
            .map(|(tenant, contribution)| self.key(tenant, contribution))
            .filter(|key| !self.groups.contains_key(key))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    fn key(&self, tenant: &Tenant, contribution: &Contribution) -> RowKey {
        RowKey { tenant: tenant.clone(), key: self.table.group_key(&contribution.group) }
    }

    /// Takes stored groups into memory.
    pub(crate) fn load(&mut self, rows: Vec<StoredRow>) -> Result<(), String> {
        for row in rows {
            let state = match row.values.last() {
                Some(Value::Json(text)) => serde_json::from_str(text).map_err(|error| error.to_string())?,
                other => {
                    return Err(format!("rollup `{}`: no state, but {other:?}", self.table.spec.name));
                }
            };
            let State(rows, accumulators) = state;
            let measures = self.table.measures.iter();
            let group_columns =
                row.values.into_iter().zip(measures).filter(|(_, measure)| **measure == Measure::Group);
            let group = Group {
                group: group_columns.map(|(value, _)| value).collect(),
                rows,
                accumulators,
                revision: row.revision,
                dirty: false,
            };
            self.groups.insert(row.key, group);
        }
        Ok(())
    }

    /// Takes the waiting changes into their groups. Groups that are not in memory by now are new.
    pub(crate) fn settle(&mut self) {
        for (tenant, old, new) in std::mem::take(&mut self.waiting) {
            if let Some(old) = old {
                self.take(&tenant, &old, -1);
            }
            if let Some(new) = new {
                self.take(&tenant, &new, 1);
            }
        }
    }

    fn take(&mut self, tenant: &Tenant, contribution: &Contribution, sign: i64) {
        let key = self.key(tenant, contribution);
        let measures = self.table.measures;
        let group = self.groups.entry(key).or_insert_with(|| Group {
            group: contribution.group.clone(),
            rows: 0,
            accumulators: measures.iter().filter_map(|measure| Accumulator::for_measure(*measure)).collect(),
            revision: 0,
            dirty: false,
        });
        group.rows += sign;
        for (accumulator, input) in group.accumulators.iter_mut().zip(&contribution.inputs) {
            accumulator.take(input, sign);
        }
        group.dirty = true;
    }

    /// The rows of the groups that have changed. They stay marked until [`RollupState::written`].
    pub(crate) fn changes(&self, position: Position) -> Vec<RowChange> {
        let mut changes: Vec<_> = self
            .groups
            .iter()
            .filter(|(_, group)| group.dirty)
            .map(|(key, group)| {
                if group.rows == 0 {
                    return RowChange::Delete(key.clone());
                }
                RowChange::Put(StoredRow {
                    key: key.clone(),
                    values: self.values(group),
                    position,
                    revision: group.revision + 1,
                    shown: true,
                })
            })
            .collect();
        changes.sort_unstable_by(|left, right| key_of(left).cmp(key_of(right)));
        changes
    }

    fn values(&self, group: &Group) -> Vec<Value> {
        let mut group_columns = group.group.iter();
        let mut accumulators = group.accumulators.iter();
        let mut values: Vec<Value> = self
            .table
            .measures
            .iter()
            .zip(&*self.table.kinds)
            .map(|(measure, kind)| match measure {
                Measure::Group => group_columns.next().cloned().unwrap_or_default(),
                measure => {
                    accumulators.next().map_or(Value::Null, |accumulator| accumulator.value(*measure, *kind))
                }
            })
            .collect();
        values.push(json(&State(group.rows, group.accumulators.clone())));
        values
    }

    /// The changes are in the store.
    pub(crate) fn written(&mut self) {
        self.groups.retain(|_, group| group.rows != 0 || !group.dirty);
        for group in self.groups.values_mut().filter(|group| group.dirty) {
            group.dirty = false;
            group.revision += 1;
        }
        if self.groups.len() > KEPT {
            self.groups.clear();
        }
    }

    /// Takes another state's groups in: that of another part of the same rows.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, group) in other.groups {
            match self.groups.entry(key) {
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(group);
                }
                std::collections::hash_map::Entry::Occupied(mut place) => {
                    merge_groups(place.get_mut(), group);
                }
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.groups.clear();
        self.waiting.clear();
    }
}

fn merge_groups(into: &mut Group, from: Group) {
    into.rows += from.rows;
    into.dirty |= from.dirty;
    for (into, from) in into.accumulators.iter_mut().zip(from.accumulators) {
        match (into, from) {
            (Accumulator::Count(into), Accumulator::Count(from)) => *into += from,
            (Accumulator::Sum(sum, rows), Accumulator::Sum(more, more_rows)) => {
                *sum += more;
                *rows += more_rows;
            }
            (Accumulator::Bag(bag), Accumulator::Bag(more)) => {
                for (number, times) in more {
                    *bag.entry(number).or_default() += times;
                }
            }
            (Accumulator::Words(words), Accumulator::Words(more)) => {
                for (word, (sum, rows)) in more {
                    let into = words.entry(word).or_default();
                    into.0 += sum;
                    into.1 += rows;
                }
            }
            // invariant: both are groups of one rollup
            _ => {}
        }
    }
}

fn key_of(change: &RowChange) -> &RowKey {
    match change {
        RowChange::Put(row) => &row.key,
        RowChange::Delete(key) => key,
    }
}
