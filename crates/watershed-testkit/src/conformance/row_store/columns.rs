use watershed_core::ports::{RowError, StoredRow};
use watershed_core::read::Comparison;
use watershed_core::{Ask, ColumnKind, Direction, Predicate, Tenant, Value};

use super::bench::{Bench, Opened, ask, batch, key, keys, numbered, thing, walk};
use super::specs::{THINGS, group, indexed, key_column, table};
use crate::conformance::promise::{Checked, holds, same};

/// The question must be refused because of that column.
async fn refused(group: &Opened, column: &'static str, question: &Ask) -> Checked {
    let answer = group.ask(&Tenant::default(), question).await;
    holds!(
        matches!(&answer, Err(RowError::NoSuchColumn(named)) if named == column),
        "the column {column:?} was asked about, by {:?} sorted by {:?}: {answer:?}",
        question.filter,
        question.sort
    );
    Ok(())
}

fn filtered(filter: Predicate) -> Ask {
    Ask { filter, ..Ask::rows(THINGS) }
}

fn less(column: &'static str) -> Predicate {
    Predicate::Compare { column: column.into(), comparison: Comparison::Less, value: Value::Int(5) }
}

pub(super) async fn undeclared(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1)]).await?;
    let undeclared = [
        "note",
        "memo",
        "nested",
        "secret",
        "secret_index",
        "unknown",
        "",
        "NUMBER",
        "number ",
        "\"number\"",
        "number\" OR 1=1 --",
        "number) OR (1=1",
        "tenant",
        "_tenant",
        "position",
        "_position",
        "revision",
        "_revision",
        "shown",
        "_shown",
        "key",
        "_key",
        "rowid",
        "oid",
        "ctid",
        "*",
        "1",
    ];
    for column in undeclared {
        let any = Predicate::AnyOf { column: column.into(), values: vec![Value::Int(1)] };
        let fine = less("number");
        let filters = [
            less(column),
            any,
            Predicate::IsNull { column: column.into() },
            Predicate::Not(Box::new(less(column))),
            Predicate::And(Box::new(fine.clone()), Box::new(less(column))),
            Predicate::Or(Box::new(Predicate::All), Box::new(less(column))),
        ];
        for filter in filters {
            refused(&group, column, &filtered(filter)).await?;
        }
        let sort = vec![("number".into(), Direction::Ascending), (column.into(), Direction::Descending)];
        refused(&group, column, &Ask { sort, ..Ask::rows(THINGS) }).await?;
    }
    same("the rows, after all of that", &walk(&group, &filtered(less("number"))).await?.len(), &1)
}

pub(super) async fn unsearched(bench: Bench) -> Checked {
    let row = thing("a", &[("note", Value::Text("x".into())), ("memo", Value::Text("x".into()))]);
    let group = bench.things_with(vec![row]).await?;
    for column in ["note", "id", "number", "amount", "secret", "unknown", "memo\" OR 1=1 --"] {
        let filter = Predicate::Contains { column: column.into(), part: "x".into() };
        refused(&group, column, &filtered(filter)).await?;
    }
    Ok(())
}

/// Writes a row whose columns bear these names, and asks for it by each of them.
async fn kept(bench: &Bench, names: &[&'static str]) -> Checked {
    let mut columns = vec![key_column("id", ColumnKind::Text)];
    columns.extend(names.iter().map(|name| indexed(name, ColumnKind::Int)));
    let group = bench.group(group(THINGS, "1", vec![table(THINGS, columns, Vec::new())])).await?;
    let row = |id: &str, add: i64| StoredRow {
        values: [Value::Text(id.into())]
            .into_iter()
            .chain((0..).take(names.len()).map(|number| Value::Int(number + add)))
            .collect(),
        ..numbered(id, 0)
    };
    let rows = vec![row("a", 1_000), row("b", 2_000)];
    group.write(&batch(0, rows.clone(), 1)).await?;
    group.write(&batch(0, rows.clone(), 2)).await?;
    same("the rows", &walk(&group, &Ask::rows(THINGS)).await?, &rows)?;
    same("a row for a fold", &group.rows(0, &[key("b")]).await?, &vec![row("b", 2_000)])?;
    for (name, number) in names.iter().zip(0..) {
        let filter = Predicate::Compare {
            column: (*name).into(),
            comparison: Comparison::Equal,
            value: Value::Int(number + 2_000),
        };
        let sort = vec![((*name).into(), Direction::Descending)];
        let found = ask(&group, &Ask { filter, ..Ask::rows(THINGS) }).await?;
        same(&format!("the row by its column {name:?}"), &keys(&found.rows), &vec!["b"])?;
        let found = walk(&group, &Ask { sort, limit: 1, ..Ask::rows(THINGS) }).await?;
        same(&format!("the rows sorted by {name:?}"), &keys(&found), &vec!["b", "a"])?;
    }
    Ok(())
}

pub(super) async fn sql_words(bench: Bench) -> Checked {
    let words = [
        "select",
        "order",
        "group",
        "index",
        "table",
        "where",
        "values",
        "check",
        "default",
        "primary",
        "limit",
        "desc",
        "from",
        "to",
        "user",
        "end",
        "case",
        "null",
        "true",
        "exists",
        "references",
        "Über",
    ];
    kept(&bench, &words).await
}

pub(super) async fn own_names(bench: Bench) -> Checked {
    for name in [
        "tenant",
        "_tenant",
        "position",
        "_position",
        "revision",
        "_revision",
        "shown",
        "_shown",
        "generation",
        "_generation",
        "key",
        "_key",
        "rowid",
        "oid",
        "_rowid_",
        "ctid",
        "xmin",
    ] {
        let columns = vec![key_column("id", ColumnKind::Text), indexed(name, ColumnKind::Int)];
        let spec = group(name, "1", vec![table(name, columns, Vec::new())]);
        let store = bench.store().await;
        let Ok(group) = store.open(spec).await else {
            continue;
        };
        let row = StoredRow {
            values: vec![Value::Text("a".into()), Value::Int(41)],
            position: 9,
            revision: 3,
            ..numbered("a", 0)
        };
        group.write(&batch(0, vec![row.clone()], 1)).await?;
        let found = group.ask(&Tenant::default(), &Ask::rows(name)).await?;
        same(&format!("the row with a column {name:?}"), &found.rows, &vec![row.clone()])?;
        let filter =
            Predicate::Compare { column: name.into(), comparison: Comparison::Equal, value: Value::Int(41) };
        let found = group.ask(&Tenant::default(), &Ask { filter, ..Ask::rows(name) }).await?;
        same(&format!("the row by its column {name:?}"), &found.rows, &vec![row])?;
    }
    Ok(())
}
