use watershed_core::ports::StateError;
use watershed_core::write::{StateColumn, StateTable, TablesSpec};
use watershed_core::{ColumnKind, Tenant, Timestamp, Value};

use super::bench::{Bench, INSTANT, thing};
use crate::conformance::event_log::{Draft, odd_words};
use crate::conformance::promise::{Checked, Problem, holds, same};

pub(super) async fn contents(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let decimal = |text: &str| text.parse().map(Value::Decimal).map_err(|_| Problem::new(text));
    let json = |text: &str| Value::Json(text.into());
    let mut cases = vec![
        vec![(3, decimal("12.50")?), (4, Value::Real(0.1)), (5, Value::Bool(true))],
        vec![(3, decimal("-79228162514264337593543950335")?), (5, Value::Bool(false))],
        vec![(3, decimal("0.0000000000000000000000000001")?), (4, Value::Real(-1e300))],
        vec![(6, Value::Timestamp(INSTANT)), (7, Value::Timestamp(INSTANT))],
        vec![(6, Value::Timestamp(Timestamp::from_micros(-1)))],
        vec![(8, json(r#"{"a": [1, "two", null]}"#))],
        vec![(8, json("[]"))],
    ];
    cases.extend(
        odd_words()
            .into_iter()
            .filter(|word| !word.contains('\0') && word.len() < 60)
            .map(|word| vec![(0, Value::Text(word.into()))]),
    );
    for (number, columns) in cases.into_iter().enumerate() {
        let id = format!("t-{number}");
        let mut rows = thing(&format!("sku-{number}"), i64::from(i32::MAX), &[("wheel", 3, i64::MIN)]);
        for (place, value) in columns {
            rows.root[place] = value;
        }
        open.make(&id, &rows).await?;
        let found = open.rows(&id, 1).await?;
        for (place, (found, expected)) in found.root.iter().zip(&rows.root).enumerate() {
            let column = open.things.root.columns[place].name;
            match (found, expected) {
                (Value::Json(found), Value::Json(expected)) => {
                    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
                    same(column, &read(found), &read(expected))?;
                }
                _ => same(column, found, expected)?,
            }
        }
        same("the children", &found.children, &rows.children)?;
    }
    Ok(())
}

pub(super) async fn nothing(bench: Bench) -> Checked {
    let open = bench.open().await?;
    same("what is loaded", &open.load("none").await?, &None)?;
    open.confirm("none", None).await?;
    // Children without a root are nobody's.
    let listed = open.tables.ids(&open.things, None, 10).await?;
    same("whose rows there are", &listed, &Vec::new())
}

pub(super) async fn legacy(bench: Bench) -> Checked {
    let open = bench.open().await?;
    bench
        .outside(
            "INSERT INTO \"the things\" (tenant, thing_id, sku, \"count\") VALUES ('default', 'old', 's', 7);
             INSERT INTO parts (tenant, thing_id, name, size, pieces) VALUES
                ('default', 'old', 'wheel', 2, 4), ('default', 'old', 'axle', 1, 2)",
        )
        .await?;
    let rows = open.rows("old", 0).await?;
    same("the rows", &rows, &thing("s", 7, &[("axle", 1, 2), ("wheel", 2, 4)]))?;
    let after = thing("s", 8, &[("axle", 1, 2), ("wheel", 2, 5)]);
    let save = open.save(Some(0), Some(&rows), &after)?;
    open.log.append(open.append("old", 0, save)).await?;
    same("the rows, saved", &open.rows("old", 1).await?, &after)
}

pub(super) async fn spelling(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let columns = vec![StateColumn { name: "title", kind: ColumnKind::Text, optional: true }];
    let root = StateTable { name: "numbered", tenant: None, id: "id", key: Vec::new(), columns };
    let numbered = TablesSpec { root, version: "version", children: Vec::new() };
    open.tables.check(&numbered).await?;
    bench.outside("INSERT INTO numbered (id, title) VALUES (42, 'x')").await?;
    let tenant = Tenant::default();
    let found = open.tables.load(&numbered, &tenant, "42").await?;
    holds!(found.is_some(), "the row with the number 42 is not found by `42`");
    for id in ["042", "42.0", " 42", "+42", "x"] {
        let found = open.tables.load(&numbered, &tenant, id).await;
        holds!(
            matches!(found, Ok(None) | Err(StateError::Unreadable(_))),
            "the row with the number 42 is found by `{id}`: {found:?}"
        );
    }
    Ok(())
}

pub(super) async fn ids(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let mut wanted = Vec::new();
    for number in 0..25 {
        let id = format!("t-{number:02}");
        open.make(&id, &thing(&id, 1, &[])).await?;
        wanted.push((Tenant::default(), id.into()));
    }
    let mut found: Vec<(Tenant, std::sync::Arc<str>)> = Vec::new();
    loop {
        let last = found.last().cloned();
        let after = last.as_ref().map(|(tenant, id)| (tenant, &**id));
        let page = open.tables.ids(&open.things, after, 10).await?;
        holds!(page.len() <= 10, "a page of {}", page.len());
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    same("whose rows there are", &found, &wanted)
}

pub(super) async fn tenants(bench: Bench) -> Checked {
    let open = bench.open().await?;
    let acme = Tenant::stored("acme".into());
    open.make("t", &thing("s", 1, &[("wheel", 1, 1)])).await?;
    same("another tenant's", &open.tables.load(&open.things, &acme, "t").await?, &None)?;
    let theirs = thing("s", 2, &[("wheel", 1, 9), ("axle", 1, 1)]);
    let save = open.save(None, None, &theirs)?;
    let draft = Draft::on("t").tenant("acme").expecting(0).event("happened");
    open.log.append(draft.with(|append| append.save = Some(save)).into()).await?;
    let loaded = open.tables.load(&open.things, &acme, "t").await?;
    let sorted = thing("s", 2, &[("axle", 1, 1), ("wheel", 1, 9)]);
    same("theirs", &loaded.map(|loaded| loaded.rows), &Some(sorted.clone()))?;
    same("ours", &open.rows("t", 1).await?, &thing("s", 1, &[("wheel", 1, 1)]))?;
    let gone = watershed_core::write::StateRows { kept: false, ..sorted.clone() };
    let save = open.save(Some(1), Some(&sorted), &gone)?;
    let draft = Draft::on("t").tenant("acme").expecting(1).event("happened");
    open.log.append(draft.with(|append| append.save = Some(save)).into()).await?;
    same("ours, when theirs are gone", &open.rows("t", 1).await?.children[0].len(), &1)
}
