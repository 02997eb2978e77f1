use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use watershed_core::{ColumnKind, Decimal, Input, Measure, Value};

use super::item::{number_as_json, top_as_json, whole};
use super::{Bag, Item, Pages, Total};
use crate::projector::trouble::Trouble;

/// What one measure of one group is made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Accumulator {
    /// How many rows counted.
    #[serde(rename = "n")]
    Count(i64),
    /// The sum, and how many numbers are in it.
    #[serde(rename = "s")]
    Sum(Total, i64),
    /// How often each value occurs.
    #[serde(rename = "b")]
    Bag(Bag),
    /// The sum for each word, and how many rows gave it.
    #[serde(rename = "w")]
    Words(BTreeMap<String, (Total, i64)>),
}

impl Accumulator {
    pub(super) fn for_measure(measure: Measure) -> Option<Self> {
        match measure {
            Measure::Group => None,
            Measure::Count => Some(Self::Count(0)),
            Measure::Sum | Measure::Avg { .. } => Some(Self::Sum(Total::default(), 0)),
            Measure::Min | Measure::Max | Measure::Quantile { .. } | Measure::Distinct => {
                Some(Self::Bag(Bag::new(0)))
            }
            Measure::Top { most } => Some(Self::Bag(Bag::new(usize::try_from(most).unwrap_or(usize::MAX)))),
            Measure::CountBy | Measure::SumBy => Some(Self::Words(BTreeMap::new())),
        }
    }

    /// Takes an input in (`sign` 1) or out (`sign` -1). It has to be [settled](Accumulator::settle) before it is asked.
    pub(super) fn take(&mut self, input: &Input, sign: i64, pages: &mut Pages<'_>) -> Result<(), Trouble> {
        match (self, input) {
            (Self::Count(rows), Input::Yes) => *rows += sign,
            (Self::Sum(sum, rows), Input::Number(number)) => {
                sum.add(*number, sign);
                *rows += sign;
            }
            (Self::Bag(bag), input) => {
                if let Some((item, weight)) = Item::of(input) {
                    bag.take(&item, weight, sign, pages)?;
                }
            }
            (Self::Words(words), Input::Words(given)) => {
                for (word, number) in given {
                    take_word(words, word, *number, sign);
                }
            }
            // An input of another kind gives nothing: so a row may leave a measure out.
            _ => {}
        }
        Ok(())
    }

    /// Makes it ready to be asked and stored, once everything has been taken.
    pub(super) fn settle(&mut self, pages: &mut Pages<'_>) -> Result<(), Trouble> {
        match self {
            Self::Bag(bag) => bag.settle(pages),
            _ => Ok(()),
        }
    }

    pub(super) fn value(
        &mut self,
        measure: Measure,
        kind: ColumnKind,
        pages: &mut Pages<'_>,
    ) -> Result<Value, Trouble> {
        let number = |number: Decimal| match kind {
            ColumnKind::Int => whole(number),
            _ => Value::Decimal(number.normalized()),
        };
        Ok(match (self, measure) {
            (Self::Count(rows), _) => Value::Int(*rows),
            (Self::Sum(sum, _), Measure::Sum) => number(sum.to_decimal()),
            (Self::Sum(sum, rows), Measure::Avg { scale }) => {
                let mean = sum.to_decimal().divided_by(Decimal::from(*rows), scale);
                mean.map_or(Value::Null, number)
            }
            (Self::Bag(bag), Measure::Distinct) => Value::Int(bag.distinct()),
            (Self::Bag(bag), Measure::Top { .. }) => {
                json(&bag.top(pages)?.iter().map(top_as_json).collect::<Vec<_>>())
            }
            (Self::Bag(bag), measure) => {
                let rank = rank(measure, bag.times());
                bag.at_rank(rank, pages)?.map_or(Value::Null, |item| item.to_value(kind))
            }
            (Self::Words(words), Measure::CountBy) => {
                json(&in_words(words, |sum| number_as_json(sum.to_decimal())))
            }
            (Self::Words(words), _) => json(&in_words(words, Total::to_decimal)),
            _ => Value::Null,
        })
    }

    /// Takes another one's inputs in, of which nothing is stored.
    pub(super) fn merge(&mut self, other: Self, pages: &mut Pages<'_>) -> Result<(), Trouble> {
        match (self, other) {
            (Self::Count(into), Self::Count(from)) => *into += from,
            (Self::Sum(sum, rows), Self::Sum(more, more_rows)) => {
                sum.merge(more);
                *rows += more_rows;
            }
            (Self::Bag(bag), Self::Bag(more)) => bag.merge(more, pages)?,
            (Self::Words(words), Self::Words(more)) => {
                for (word, (sum, rows)) in more {
                    let into = words.entry(word).or_default();
                    into.0.merge(sum);
                    into.1 += rows;
                }
            }
            // invariant: both are groups of one rollup
            _ => {}
        }
        Ok(())
    }
}

fn take_word(words: &mut BTreeMap<String, (Total, i64)>, word: &str, number: Decimal, sign: i64) {
    let (sum, rows) = match words.get_mut(word) {
        Some(known) => known,
        None => words.entry(word.to_owned()).or_default(),
    };
    sum.add(number, sign);
    *rows += sign;
    if *rows == 0 {
        words.remove(word);
    }
}

fn in_words<T>(words: &BTreeMap<String, (Total, i64)>, of: impl Fn(Total) -> T) -> BTreeMap<&str, T> {
    words.iter().map(|(word, (sum, _))| (&**word, of(*sum))).collect()
}

/// A value that is JSON by its type.
pub(super) fn json<T: Serialize>(value: &T) -> Value {
    // invariant: maps from texts to numbers, and lists of such, are JSON
    Value::Json(serde_json::to_string(value).unwrap_or_default().into())
}

/// The rank of the value that is measured, among so many: for a quantile the nearest one, which is the smallest such that at
/// least its share of all are not above it.
fn rank(measure: Measure, all: i64) -> i64 {
    match measure {
        Measure::Quantile { share } => {
            // As the decimal that it is written as: 0.55 of 100 is 55, and a float says a little more.
            let share: Decimal = share.to_string().parse().unwrap_or_default();
            (Decimal::from(all) * share).ceiling().to_i64().unwrap_or(1).clamp(1, all.max(1))
        }
        Measure::Max => all.max(1),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_nearest_rank_also_where_a_float_would_miss_it() {
        for (share, expected) in
            [(0.0, 1), (0.01, 1), (0.5, 50), (0.55, 55), (0.29, 29), (0.95, 95), (1.0, 100)]
        {
            assert_eq!(rank(Measure::Quantile { share }, 100), expected, "{share}");
        }
        assert_eq!(rank(Measure::Quantile { share: 0.5 }, 0), 1);
    }
}
