use watershed_core::Predicate;
use watershed_core::ports::StoredRow;
use watershed_core::read::Comparison;

use super::bench::{Bench, Opened, in_tenant, put, thing};
use super::specs::{THINGS_TABLE, things};
use super::values::random_things;
use crate::conformance::promise::{Checked, holds, same};
use watershed_core::Value;

/// Everything that a scan gives, so many rows at a time.
async fn scan(group: &Opened, filter: &Predicate, limit: usize) -> Checked<Vec<StoredRow>> {
    let mut all: Vec<StoredRow> = Vec::new();
    loop {
        let after = all.last().map(|row| row.key.clone());
        let rows = group.scan(THINGS_TABLE, filter, after.as_ref(), limit).await?;
        holds!(rows.len() <= limit, "{} rows came where at most {limit} were asked for", rows.len());
        if rows.is_empty() {
            return Ok(all);
        }
        all.extend(rows);
    }
}

pub(super) async fn ordered(bench: Bench) -> Checked {
    let group = bench.things().await?;
    let mut wanted = Vec::new();
    for (tenant, seed) in [("b", 31), ("a", 32), ("é", 33), ("B", 34), ("a ", 35)] {
        let rows: Vec<_> = random_things(25, seed).into_iter().map(|row| in_tenant(tenant, row)).collect();
        put(&group, THINGS_TABLE, rows.clone(), seed).await?;
        wanted.extend(rows);
    }
    wanted.sort_by(|left, right| {
        let text = |row: &StoredRow| (row.key.tenant.as_str().to_owned(), row.key.key.as_str().to_owned());
        text(left).cmp(&text(right))
    });
    for limit in [1, 7, 124, 125, 126, 100_000] {
        let rows = scan(&group, &Predicate::All, limit).await?;
        let (found, all): (Vec<_>, Vec<_>) =
            (rows.iter().map(|row| &row.key).collect(), wanted.iter().map(|row| &row.key).collect());
        same(&format!("the keys of a scan, {limit} at a time"), &found, &all)?;
        same("the rows", &rows, &wanted)?;
    }
    Ok(())
}

pub(super) async fn filtered(bench: Bench) -> Checked {
    let mut rows: Vec<StoredRow> = random_things(60, 36);
    for (row, number) in rows.iter_mut().zip(0..) {
        row.values[8] = Value::Int(number % 7);
        row.values[9] = if number % 3 == 0 { Value::Null } else { Value::Int(number % 5) };
        row.values[10] = Value::Text(format!("Note {}", number % 4).into());
    }
    rows.push(thing("zzz", &[]));
    let group = bench.things_with(rows.clone()).await?;
    rows.sort_by(|left, right| left.key.key.as_str().cmp(right.key.key.as_str()));
    let equal = |column: &'static str, value| Predicate::Compare {
        column: column.into(),
        comparison: Comparison::Equal,
        value,
    };
    let filters = [
        equal("secret", Value::Int(3)),
        equal("secret_index", Value::Int(3)),
        equal("note", Value::Text("Note 2".into())),
        Predicate::Not(Box::new(equal("secret_index", Value::Int(3)))),
        Predicate::IsNull { column: "note".into() },
        Predicate::Contains { column: "note".into(), part: "nOTE 1".into() },
        equal("number", Value::Int(10)).or(equal("secret", Value::Int(1))),
        equal("flag", Value::Bool(true)).and(equal("note", Value::Text("Note 0".into()))),
    ];
    for filter in filters {
        let wanted: Vec<StoredRow> = rows
            .iter()
            .filter(|row| crate::fulfils(&things(), &row.values, &filter) == Ok(true))
            .cloned()
            .collect();
        for limit in [4, 1_000] {
            same(&format!("what a scan by {filter:?} gives"), &scan(&group, &filter, limit).await?, &wanted)?;
        }
    }
    let unknown = group.scan(THINGS_TABLE, &equal("unknown", Value::Int(1)), None, 10).await;
    holds!(unknown.is_err(), "a scan by a column that is not there gave {unknown:?}");
    Ok(())
}
