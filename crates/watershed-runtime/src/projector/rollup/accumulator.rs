use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use watershed_core::{ColumnKind, Decimal, Input, Measure, Value};

/// What one measure of one group is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Accumulator {
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
    pub(super) fn for_measure(measure: Measure) -> Option<Self> {
        match measure {
            Measure::Group => None,
            Measure::Count => Some(Self::Count(0)),
            Measure::Sum | Measure::Avg { .. } => Some(Self::Sum(Decimal::ZERO, 0)),
            Measure::Quantile { .. } => Some(Self::Bag(BTreeMap::new())),
            Measure::CountBy | Measure::SumBy => Some(Self::Words(BTreeMap::new())),
        }
    }

    /// Takes an input in (`sign` 1) or out (`sign` -1).
    pub(super) fn take(&mut self, input: &Input, sign: i64) {
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

    pub(super) fn value(&self, measure: Measure, kind: ColumnKind) -> Value {
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

    /// Takes another one's inputs in.
    pub(super) fn merge(&mut self, other: Self) {
        match (self, other) {
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

fn signed(number: Decimal, sign: i64) -> Decimal {
    if sign < 0 { -number } else { number }
}

/// A value that is JSON by its type.
pub(super) fn json<T: Serialize>(value: &T) -> Value {
    // invariant: maps from texts to numbers are JSON
    Value::Json(serde_json::to_string(value).unwrap_or_default().into())
}

/// The nearest rank: the smallest number such that at least `share` of all are not above it.
fn quantile(bag: &BTreeMap<Decimal, i64>, share: f64) -> Option<Decimal> {
    let all: i64 = bag.values().sum();
    // As the decimal that it is written as: 0.55 of 100 is 55, and a float says a little more.
    let share: Decimal = share.to_string().parse().unwrap_or_default();
    let rank = (Decimal::from(all) * share).ceiling().to_i64().unwrap_or(1).clamp(1, all.max(1));
    let mut seen = 0;
    bag.iter().find_map(|(number, times)| {
        seen += times;
        (seen >= rank).then_some(*number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_nearest_rank_also_where_a_float_would_miss_it() {
        let bag: BTreeMap<Decimal, i64> = (1..=100).map(|number| (Decimal::from(number), 1)).collect();
        for (share, expected) in
            [(0.0, 1), (0.01, 1), (0.5, 50), (0.55, 55), (0.29, 29), (0.95, 95), (1.0, 100)]
        {
            assert_eq!(quantile(&bag, share), Some(Decimal::from(expected)), "{share}");
        }
        assert_eq!(quantile(&BTreeMap::new(), 0.5), None);
    }
}
