use watershed_core::read::Comparison;
use watershed_core::{Direction, Predicate, Value};

use super::bench::{Bench, thing};
use super::pages::gives;
use super::specs::DECLARED;
use super::values::{pool, random_things};
use crate::conformance::promise::Checked;
use crate::conformance::random::Random;

const COMPARISONS: [Comparison; 5] = [
    Comparison::Equal,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

fn compare(column: &'static str, comparison: Comparison, value: Value) -> Predicate {
    Predicate::Compare { column: column.into(), comparison, value }
}

fn not(predicate: Predicate) -> Predicate {
    Predicate::Not(Box::new(predicate))
}

pub(super) async fn compared(bench: Bench) -> Checked {
    let rows = random_things(150, 21);
    let group = bench.things_with(rows.clone()).await?;
    for column in DECLARED {
        let pool = pool(column);
        for value in &pool {
            for comparison in COMPARISONS {
                let filter = compare(column, comparison, value.clone());
                gives(&group, &rows, &filter, &Vec::new(), 1_000).await?;
                gives(&group, &rows, &not(filter), &Vec::new(), 1_000).await?;
            }
        }
        for count in [0, 1, 2, pool.len()] {
            let any = Predicate::AnyOf { column: column.into(), values: pool[..count].to_vec() };
            gives(&group, &rows, &any, &Vec::new(), 1_000).await?;
            gives(&group, &rows, &not(any), &Vec::new(), 1_000).await?;
        }
        let empty = Predicate::IsNull { column: column.into() };
        gives(&group, &rows, &empty, &Vec::new(), 1_000).await?;
        gives(&group, &rows, &not(empty), &Vec::new(), 1_000).await?;
    }
    let by_key = compare("id", Comparison::GreaterOrEqual, Value::Text("5".into()));
    gives(&group, &rows, &by_key, &Vec::new(), 1_000).await
}

/// A condition of some depth on columns of all kinds.
fn random_condition(random: &mut Random, depth: u32) -> Predicate {
    if depth == 0 || random.percent(20) {
        let column = *random.pick(&DECLARED);
        let value = random.pick(&pool(column)).clone();
        return match random.below(10) {
            0 => Predicate::All,
            1 | 2 => Predicate::IsNull { column: column.into() },
            3 | 4 => Predicate::AnyOf {
                column: column.into(),
                values: vec![value, random.pick(&pool(column)).clone()],
            },
            5 => Predicate::Contains {
                column: "word".into(),
                part: (*random.pick(&["a", "B", "é", "", "%"])).into(),
            },
            _ => compare(column, *random.pick(&COMPARISONS), value),
        };
    }
    let mut part = || Box::new(random_condition(random, depth - 1));
    let (left, right) = (part(), part());
    match random.below(3) {
        0 => Predicate::And(left, right),
        1 => Predicate::Or(left, right),
        _ => Predicate::Not(left),
    }
}

pub(super) async fn combined(bench: Bench) -> Checked {
    let rows = random_things(150, 22);
    let group = bench.things_with(rows.clone()).await?;
    let mut random = Random::new(5);
    for _ in 0..300 {
        let filter = random_condition(&mut random, 4);
        gives(&group, &rows, &filter, &Vec::new(), 1_000).await?;
    }
    Ok(())
}

pub(super) async fn sorted(bench: Bench) -> Checked {
    let rows = random_things(150, 23);
    let group = bench.things_with(rows.clone()).await?;
    let mut random = Random::new(6);
    for _ in 0..150 {
        let filter = random_condition(&mut random, 2);
        let mut sort = Vec::new();
        for _ in 0..=random.below(3) {
            let way = *random.pick(&[Direction::Ascending, Direction::Descending]);
            sort.push(((*random.pick(&DECLARED)).into(), way));
        }
        gives(&group, &rows, &filter, &sort, 13).await?;
    }
    Ok(())
}

pub(super) async fn contains(bench: Bench) -> Checked {
    let texts = [
        "",
        "Apple",
        "apple pie",
        "PINEAPPLE",
        "100%",
        "100x",
        "a_b",
        "axb",
        "a\\b",
        "it's",
        "É",
        "é",
        "e\u{301}",
        "[a-z]",
        "*",
        "\"q\"",
        "日本語",
        "İ",
    ];
    let mut rows = Vec::new();
    for (text, number) in texts.iter().zip(0..) {
        let nested = serde_json::json!({ "names": [text] }).to_string();
        let given = [
            ("word", Value::Text((*text).into())),
            ("memo", Value::Text((*text).into())),
            ("nested", Value::Json(nested.into())),
        ];
        rows.push(thing(&format!("t-{number:02}"), &given));
    }
    rows.push(thing("empty", &[]));
    let group = bench.things_with(rows.clone()).await?;
    let parts = [
        "", "apple", "APPLE", "aPp", "%", "_", "\\", "'", "É", "é", "\u{301}", "[a", "*", "?", "\"", "日本",
        "本語", "i", "zzz", "names",
    ];
    for column in ["word", "memo", "nested"] {
        for part in parts {
            let filter = Predicate::Contains { column: column.into(), part: part.into() };
            gives(&group, &rows, &filter, &Vec::new(), 100).await?;
            gives(&group, &rows, &not(filter), &Vec::new(), 100).await?;
        }
    }
    Ok(())
}
