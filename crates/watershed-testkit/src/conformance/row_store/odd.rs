use watershed_core::ports::StoredRow;
use watershed_core::{Ask, Key, Predicate, Value};

use super::bench::{Bench, ask, key, keys, one, put, thing, walk};
use super::specs::{EXTRAS, EXTRAS_TABLE, THINGS, THINGS_TABLE};
use crate::conformance::event_log::odd_words;
use crate::conformance::promise::{Checked, same};

pub(super) async fn words(bench: Bench) -> Checked {
    let words = odd_words();
    let row = |word: &str| {
        let text = || Value::Text(word.into());
        let nested = Value::Json(serde_json::json!([word]).to_string().into());
        thing(word, &[("word", text()), ("note", text()), ("memo", text()), ("nested", nested)])
    };
    let group = bench.things_with(words.iter().map(|word| row(word)).collect()).await?;
    for word in &words {
        same("the row by its key", &ask(&group, &one(word)).await?.rows, &vec![row(word)])?;
        same("the row for a fold", &group.rows(THINGS_TABLE, &[key(word)]).await?, &vec![row(word)])?;
        let filter =
            Predicate::AnyOf { column: "word".into(), values: vec![Value::Text(word.as_str().into())] };
        let found = ask(&group, &Ask { filter, ..Ask::rows(THINGS) }).await?;
        same("the row by its text", &keys(&found.rows), &vec![word.as_str()])?;
    }
    let mut sorted: Vec<&str> = words.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let rows = walk(&group, &Ask { limit: 3, ..Ask::rows(THINGS) }).await?;
    same("the rows, by their keys", &keys(&rows), &sorted)
}

pub(super) async fn joined_keys(bench: Bench) -> Checked {
    let group = bench.things().await?;
    let places = ["a", "a:2024", "a%3A", "", "b", "2024"];
    let row = |place: &str, year: i64| StoredRow {
        key: watershed_core::ports::RowKey { key: Key::joined(&[&place, &year]), ..key("") },
        values: vec![Value::Text(place.into()), Value::Int(year), Value::Int(year * 2)],
        position: 1,
        revision: 1,
        shown: true,
    };
    let rows: Vec<StoredRow> =
        places.iter().flat_map(|place| [-1, 0, 9, 10, 2_024].map(|year| row(place, year))).collect();
    put(&group, EXTRAS_TABLE, rows.clone(), 1).await?;
    for wanted in &rows {
        let question = Ask { key: Some(wanted.key.key.clone()), ..Ask::rows(EXTRAS) };
        same("the row by its key", &ask(&group, &question).await?.rows, &vec![wanted.clone()])?;
        let found = group.rows(EXTRAS_TABLE, std::slice::from_ref(&wanted.key)).await?;
        same("the row for a fold", &found, &vec![wanted.clone()])?;
    }
    let mut sorted: Vec<&str> = keys(&rows);
    sorted.sort_unstable();
    let found = walk(&group, &Ask { limit: 4, ..Ask::rows(EXTRAS) }).await?;
    same("the rows, by their keys", &keys(&found), &sorted)?;
    put(&group, EXTRAS_TABLE, rows, 2).await?;
    same("how many there are after all are put again", &walk(&group, &Ask::rows(EXTRAS)).await?.len(), &30)
}
