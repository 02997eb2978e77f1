use watershed_core::ports::StoredRow;
use watershed_core::{Ask, Predicate, Timestamp, Value};

use super::bench::{Bench, Opened, ask, one, thing};
use super::specs::{DECLARED, THINGS_TABLE};
use crate::conformance::promise::{Checked, same};
use crate::conformance::random::Random;
use crate::decimal;

/// Values of a column's kind, among them those that stores have confused, rounded or sorted wrongly.
pub(super) fn pool(column: &str) -> Vec<Value> {
    match column {
        "flag" => [false, true].map(Value::Bool).to_vec(),
        "number" => [i64::MIN, -10, -9, -1, 0, 1, 9, 10, 100, 9_007_199_254_740_993, i64::MAX]
            .map(Value::Int)
            .to_vec(),
        "ratio" => {
            [f64::MIN, -1.5, -0.0, f64::MIN_POSITIVE, 5e-324, 0.1, 0.1 + 0.2, 1.0, 2.0, 10.0, 1e300, f64::MAX]
                .map(Value::Real)
                .to_vec()
        }
        "amount" => [
            "-79228162514264337593543950335",
            "-10.5",
            "-9.75",
            "0",
            "0.00",
            "0.0000000000000000000000000001",
            "0.1",
            "9.5",
            "9.50",
            "10",
            "10.00",
            "10.25",
            "100",
            "9007199254740993.01",
            "79228162514264337593543950335",
        ]
        .map(|text| Value::Decimal(decimal(text)))
        .to_vec(),
        "at" => [
            i64::MIN / 1_000_000,
            -1,
            0,
            1,
            1_714_885_505_000_004,
            1_714_885_505_000_005,
            253_402_300_799_999_999,
        ]
        .map(|micros| Value::Timestamp(Timestamp::from_micros(micros)))
        .to_vec(),
        _ => [
            "", " ", "10", "9", "A", "Z", "a", "a b", "ab", "b", "e\u{301}", "z", "é", "日本", "🦀", "100%",
            "a_b", "a\\b",
        ]
        .map(|text| Value::Text(text.into()))
        .to_vec(),
    }
}

/// Rows with values of these pools, many of them equal and many empty; some are hidden. The same for the same seed.
pub(super) fn random_things(count: u64, seed: u64) -> Vec<StoredRow> {
    let mut random = Random::new(seed);
    let mut rows = Vec::new();
    for number in 0..count {
        let mut given = Vec::new();
        for column in DECLARED {
            if !random.percent(25) {
                let pool = pool(column);
                let some = if random.percent(50) { &pool[..2] } else { &pool[..] };
                given.push((column, random.pick(some).clone()));
            }
        }
        // Keys in another order than the rows are written in.
        let id = format!("{:03}-{number}", random.below(1_000));
        rows.push(StoredRow { shown: !random.percent(10), revision: number + 1, ..thing(&id, &given) });
    }
    rows
}

/// The row must come back as it was, however it is asked for. Compared as it is printed too: 9.5 is
/// not 9.50.
async fn comes_back(group: &Opened, row: &StoredRow) -> Checked {
    let key = row.key.clone();
    let id = key.key.as_str();
    let by_key = ask(group, &one(id)).await?.rows;
    let condition = Predicate::Compare {
        column: "id".into(),
        comparison: watershed_core::read::Comparison::Equal,
        value: Value::Text(id.into()),
    };
    let page = ask(group, &Ask { filter: condition.clone(), ..Ask::rows(super::specs::THINGS) }).await?.rows;
    let rows = group.rows(THINGS_TABLE, &[key]).await?;
    let scanned = group.scan(THINGS_TABLE, &condition, None, 5).await?;
    for (how, found) in
        [("by key", by_key), ("in a page", page), ("for a fold", rows), ("in a scan", scanned)]
    {
        same(how, &found, &vec![row.clone()])?;
        same(how, &format!("{found:?}"), &format!("{:?}", vec![row.clone()]))?;
    }
    Ok(())
}

fn exact_rows() -> Vec<StoredRow> {
    let mut rows = Vec::new();
    for column in DECLARED {
        // The sign of a zero is nothing that anybody was promised.
        let pool = pool(column).into_iter().filter(|value| format!("{value:?}") != "-0");
        for (value, place) in pool.zip(0..) {
            rows.push(thing(&format!("{column}-{place}"), &[(column, value)]));
        }
    }
    let big = format!("{{\"text\":\"{}\"}}", "é\\\"x".repeat(200_000));
    for (json, place) in
        ["{}", "[]", "null", "1.50", r#"{"b":1,"a":[1,{"c":"\u00e9 é"}]}"#, "\"\"", &big].iter().zip(0..)
    {
        rows.push(thing(&format!("nested-{place}"), &[("nested", Value::Json((*json).into()))]));
    }
    for text in ["10", "1e3", "0x10", "true", "NULL", " 1", "2024-01-01"] {
        let given = ["word", "note", "memo"].map(|column| (column, Value::Text(text.into())));
        rows.push(thing(&format!("text-{text}"), &given));
    }
    rows.push(thing("internal", &[("secret", Value::Int(7)), ("secret_index", Value::Int(-7))]));
    rows.push(thing("nothing", &[]));
    rows
}

pub(super) async fn exact(bench: Bench) -> Checked {
    let rows = exact_rows();
    let group = bench.things_with(rows.clone()).await?;
    for row in &rows {
        comes_back(&group, row).await?;
    }
    drop(group);
    let group = bench.things().await?;
    for row in &rows {
        comes_back(&group, row).await?;
    }
    Ok(())
}

pub(super) async fn empty(bench: Bench) -> Checked {
    let empty = [
        ("flag", Value::Bool(false)),
        ("number", Value::Int(0)),
        ("ratio", Value::Real(0.0)),
        ("amount", Value::Decimal(decimal("0"))),
        ("word", Value::Text("".into())),
        ("at", Value::Timestamp(Timestamp::from_micros(0))),
        ("nested", Value::Json("null".into())),
    ];
    let (zeroes, nothing) = (thing("zeroes", &empty), thing("nothing", &[]));
    let group = bench.things_with(vec![zeroes.clone(), nothing.clone()]).await?;
    comes_back(&group, &zeroes).await?;
    comes_back(&group, &nothing).await?;
    for column in DECLARED {
        let filter = Predicate::IsNull { column: column.into() };
        let page = ask(&group, &Ask { filter, ..Ask::rows(super::specs::THINGS) }).await?;
        same(&format!("where {column} is empty"), &super::bench::keys(&page.rows), &vec!["nothing"])?;
    }
    Ok(())
}
