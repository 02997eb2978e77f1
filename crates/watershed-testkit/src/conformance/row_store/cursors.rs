use watershed_core::ports::{RowError, RowsFound};
use watershed_core::read::Comparison;
use watershed_core::{Ask, Cursor, Direction, Predicate, Tenant, Value};

use super::bench::{Bench, Opened, ask, in_tenant, keys, numbered, put};
use super::specs::{EXTRAS, THINGS, THINGS_TABLE};
use crate::conformance::promise::{Checked, Problem, holds, same};

fn at_least(number: i64) -> Predicate {
    Predicate::Compare {
        column: "number".into(),
        comparison: Comparison::GreaterOrEqual,
        value: Value::Int(number),
    }
}

/// Ten rows in each of two tenants, the question for them, and the cursor behind its first page.
async fn first_page(bench: &Bench) -> Checked<(Opened, Ask, Cursor)> {
    let rows: Vec<_> = (0..10).map(|number| numbered(&format!("k-{number}"), number)).collect();
    let group = bench.things_with(rows.clone()).await?;
    let others = rows.into_iter().map(|row| in_tenant("acme", row)).collect();
    put(&group, THINGS_TABLE, others, 2).await?;
    let question = Ask {
        filter: at_least(2),
        sort: vec![("number".into(), Direction::Ascending)],
        limit: 3,
        ..Ask::rows(THINGS)
    };
    let page = ask(&group, &question).await?;
    same("the first page", &keys(&page.rows), &vec!["k-2", "k-3", "k-4"])?;
    match page.next {
        Some(cursor) => Ok((group, question, cursor)),
        None => Err(Problem("the first of three pages says that it is the last".into())),
    }
}

fn refused(what: &str, answer: &Result<RowsFound, RowError>) -> Checked {
    holds!(matches!(answer, Err(RowError::WrongCursor)), "with {what}: {answer:?}");
    Ok(())
}

pub(super) async fn other_question(bench: Bench) -> Checked {
    let (group, question, cursor) = first_page(&bench).await?;
    let question = Ask { after: Some(cursor), ..question };
    let larger = ask(&group, &Ask { limit: 100, ..question.clone() }).await?;
    same("the rest, in a larger page", &keys(&larger.rows), &vec!["k-5", "k-6", "k-7", "k-8", "k-9"])?;

    let sort = |name: &'static str, way| vec![(name.into(), way)];
    let others = [
        ("no sorting", Ask { sort: Vec::new(), ..question.clone() }),
        ("another direction", Ask { sort: sort("number", Direction::Descending), ..question.clone() }),
        ("another column", Ask { sort: sort("word", Direction::Ascending), ..question.clone() }),
        (
            "one more column",
            Ask {
                sort: vec![("number".into(), Direction::Ascending), ("word".into(), Direction::Ascending)],
                ..question.clone()
            },
        ),
        ("no filter", Ask { filter: Predicate::All, ..question.clone() }),
        ("another value in the filter", Ask { filter: at_least(3), ..question.clone() }),
        ("another view", Ask { view: EXTRAS, ..question.clone() }),
    ];
    for (what, other) in others {
        refused(what, &group.ask(&Tenant::default(), &other).await)?;
    }
    let acme = Tenant::stored("acme".into());
    refused("another tenant", &group.ask(&acme, &question).await)
}

pub(super) async fn tampered(bench: Bench) -> Checked {
    let (group, question, cursor) = first_page(&bench).await?;
    let with = |values: Vec<Value>, key: &str| Cursor { values, key: key.into(), ..cursor.clone() };
    let many = vec![Value::Int(4); 40];
    let cursors = [
        ("no values", with(Vec::new(), "k-4")),
        ("too many values", with(vec![Value::Int(4), Value::Int(4)], "k-4")),
        ("very many values", with(many, "k-4")),
        ("a text for a number", with(vec![Value::Text("4' OR 1=1 --".into())], "k-4")),
        ("an empty value", with(vec![Value::Null], "k-4")),
        ("no key", with(vec![Value::Int(4)], "")),
        ("a long key", with(vec![Value::Int(4)], &"k".repeat(100_000))),
        ("SQL for a key", with(vec![Value::Int(4)], "k-4' OR 1=1 --")),
    ];
    for (what, cursor) in cursors {
        let question = Ask { after: Some(cursor), ..question.clone() };
        match group.ask(&Tenant::default(), &question).await {
            Err(RowError::WrongCursor) => {}
            Err(other) => return Err(Problem(format!("a cursor with {what} made the store fail: {other}"))),
            Ok(page) => {
                let fits =
                    page.rows.iter().all(|row| matches!(row.values[2], Value::Int(number) if number >= 2));
                holds!(fits, "a cursor with {what} gave rows that were not asked for: {:?}", page.rows);
            }
        }
    }
    let scope = Cursor { scope: !cursor.scope, ..cursor };
    refused("another scope", &group.ask(&Tenant::default(), &Ask { after: Some(scope), ..question }).await)
}
