use std::cmp::Ordering;
use std::collections::BTreeMap;

use watershed_core::{
    ColumnKind, ColumnSpec, Contribution, Decimal, Input, Measure, ReadModel, Rollup, Value,
};

use crate::fail;

/// What the rollup makes of these rows, worked out from the measures' definitions: the rows are grouped by what they give,
/// and each column is computed from all of its group's inputs at once. In the order of the rollup's keys.
///
/// # Panics
/// Where a row gives another number of values or inputs than the rollup has columns, or a result does not fit its column.
#[must_use]
#[track_caller]
pub fn naive_rollup<'a, P: Rollup>(rows: impl IntoIterator<Item = &'a P::Of>) -> Vec<P>
where
    P::Of: ReadModel,
{
    let mut groups: Vec<(Vec<Value>, Vec<Vec<Input>>)> = Vec::new();
    for Contribution { group, inputs } in rows.into_iter().filter_map(P::contribution) {
        check_width::<P>(&group, &inputs);
        match groups.iter_mut().find(|(key, _)| *key == group) {
            Some((_, members)) => members.push(inputs),
            None => groups.push((group, vec![inputs])),
        }
    }
    let mut rollups: Vec<P> = groups.iter().map(|(group, members)| row(group, members)).collect();
    rollups.sort_by_key(P::key);
    rollups
}

fn check_width<P: Rollup>(group: &[Value], inputs: &[Input]) {
    let groups = P::MEASURES.iter().filter(|measure| **measure == Measure::Group).count();
    let measures = P::MEASURES.len() - groups;
    if (group.len(), inputs.len()) != (groups, measures) {
        fail(format!(
            "`{}` groups by {groups} column(s) and measures {measures}, but a row gave {} and {}",
            P::NAME,
            group.len(),
            inputs.len()
        ));
    }
}

/// One group's row: its columns in their order.
fn row<P: Rollup>(group: &[Value], members: &[Vec<Input>]) -> P {
    let (mut group, mut place) = (group.iter(), 0);
    let mut values = Vec::with_capacity(P::MEASURES.len());
    for (measure, column) in P::MEASURES.iter().zip(P::COLUMNS) {
        if *measure == Measure::Group {
            values.extend(group.next().cloned());
            continue;
        }
        let inputs: Vec<&Input> = members.iter().map(|inputs| &inputs[place]).collect();
        place += 1;
        values.push(measured(*measure, column, &inputs));
    }
    P::from_values(values)
        .unwrap_or_else(|error| fail(format!("`{}` cannot be made of its measures: {error}", P::NAME)))
}

fn measured(measure: Measure, column: &ColumnSpec, inputs: &[&Input]) -> Value {
    let count = |some: usize| Decimal::from(i64::try_from(some).unwrap_or(i64::MAX));
    let numbers = numbers(inputs);
    match measure {
        Measure::Group => Value::Null,
        Measure::Count => {
            number(column, Some(count(inputs.iter().filter(|input| ***input == Input::Yes).count())))
        }
        Measure::Sum => number(column, Some(numbers.into_iter().sum())),
        Measure::Avg { scale } => {
            let divisor = count(numbers.len());
            number(column, numbers.into_iter().sum::<Decimal>().divided_by(divisor, scale))
        }
        Measure::Min => item(column, items(inputs).into_iter().min_by(order)),
        Measure::Max => item(column, items(inputs).into_iter().max_by(order)),
        Measure::Quantile { share } => item(column, quantile(items(inputs), share)),
        Measure::Distinct => number(column, Some(count(totals(inputs).len()))),
        Measure::Top { most } => {
            let mut totals = totals(inputs);
            // The values are in order, and stay so where their totals are equal.
            totals.sort_by_key(|(_, total)| std::cmp::Reverse(*total));
            totals.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            let top: serde_json::Value = totals.iter().map(|(value, total)| top(value, *total)).collect();
            Value::Json(top.to_string().into())
        }
        Measure::CountBy => {
            json(words(inputs).iter().map(|(word, times)| (word.clone(), times.to_i64().into())))
        }
        Measure::SumBy => {
            json(words(inputs).iter().map(|(word, sum)| (word.clone(), sum.normalized().to_string().into())))
        }
    }
}

fn numbers(inputs: &[&Input]) -> Vec<Decimal> {
    let number = |input: &&Input| match input {
        Input::Number(number) => Some(*number),
        _ => None,
    };
    inputs.iter().filter_map(number).collect()
}

fn words(inputs: &[&Input]) -> BTreeMap<String, Decimal> {
    let mut sums = BTreeMap::new();
    for input in inputs {
        if let Input::Words(words) = input {
            for (word, number) in words {
                *sums.entry(word.clone()).or_insert(Decimal::ZERO) += *number;
            }
        }
    }
    sums
}

/// The values that are compared, without their weights.
fn items(inputs: &[&Input]) -> Vec<Value> {
    let item = |input: &&Input| match input {
        Input::Number(number) => Some(Value::Decimal(*number)),
        Input::Item(value) | Input::Weighed(value, _) => Some(value.clone()),
        _ => None,
    };
    inputs.iter().filter_map(item).collect()
}

/// The different values in their order, with how often each occurs, or with the sum of its weights.
fn totals(inputs: &[&Input]) -> Vec<(Value, Decimal)> {
    let mut totals: Vec<(Value, Decimal)> = Vec::new();
    for (value, input) in inputs.iter().flat_map(|input| Some((items(&[*input]).pop()?, *input))) {
        let weight = if let Input::Weighed(_, weight) = input { *weight } else { Decimal::from(1) };
        match totals.iter_mut().find(|(known, _)| *known == value) {
            Some((_, total)) => *total += weight,
            None => totals.push((value, weight)),
        }
    }
    totals.sort_by(|left, right| order(&left.0, &right.0));
    totals
}

fn order(left: &Value, right: &Value) -> Ordering {
    left.partial_cmp(right)
        .unwrap_or_else(|| fail(format!("{left:?} and {right:?} cannot be compared with each other")))
}

fn item(column: &ColumnSpec, item: Option<Value>) -> Value {
    match item {
        None => Value::Null,
        Some(Value::Decimal(item)) => number(column, Some(item)),
        Some(other) => other,
    }
}

/// A value and its total: whole numbers as such, others as texts.
fn top(value: &Value, total: Decimal) -> serde_json::Value {
    let plain = |number: Decimal| match number.to_i64() {
        Some(whole) => serde_json::Value::from(whole),
        None => number.normalized().to_string().into(),
    };
    let value = match value {
        Value::Decimal(number) => plain(*number),
        Value::Text(text) => (&**text).into(),
        other => format!("{other:?}").into(),
    };
    serde_json::json!({ "value": value, "total": plain(total) })
}

/// The smallest of the values such that this share of all is not above it. The share is taken as the decimal that it is
/// written as, so that 0.7 of ten values are seven.
fn quantile(mut values: Vec<Value>, share: f64) -> Option<Value> {
    let share: Decimal = share
        .to_string()
        .parse()
        .unwrap_or_else(|_| fail(format!("a quantile's share is from 0 to 1, not {share}")));
    let of = |count: usize| Decimal::from(i64::try_from(count).unwrap_or(i64::MAX));
    let wanted = share * of(values.len());
    values.sort_by(order);
    let not_above = |value: &Value| values.partition_point(|other| order(other, value) != Ordering::Greater);
    values.iter().find(|value| of(not_above(value)) >= wanted).cloned()
}

fn number(column: &ColumnSpec, number: Option<Decimal>) -> Value {
    match (number, column.kind) {
        (None, _) => Value::Null,
        (Some(number), ColumnKind::Decimal) => Value::Decimal(number.normalized()),
        (Some(number), ColumnKind::Int) => match number.rounded(0).to_i64() {
            Some(whole) => Value::Int(whole),
            None => fail(format!("`{}` holds whole numbers, but the measure is {number}", column.name)),
        },
        (Some(number), kind) => {
            fail(format!("`{}` holds {kind:?}, but the measure is the number {number}", column.name))
        }
    }
}

fn json(entries: impl Iterator<Item = (String, serde_json::Value)>) -> Value {
    let object: serde_json::Map<_, _> = entries.collect();
    Value::Json(serde_json::Value::Object(object).to_string().into())
}
