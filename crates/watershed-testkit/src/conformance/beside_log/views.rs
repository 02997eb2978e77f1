use watershed_core::ports::RowError;
use watershed_core::read::Comparison;
use watershed_core::{Ask, Direction, Predicate, Tenant, Value};

use super::bench::{Bench, number, seen, table};
use crate::conformance::event_log::Draft;
use crate::conformance::promise::{Checked, Problem, holds, same};

const BUSY: &str = "busy";
const SELECT: &str =
    "SELECT tenant, stream, number * 10 AS number FROM counts WHERE number > 1 -- the busy ones";

pub(super) async fn rows(bench: Bench) -> Checked {
    let counted = bench.open().await?;
    let view = counted.rows.open_sql_view(table(BUSY), SELECT).await?;
    for (tenant, stream, events) in
        [("default", "a", 1), ("default", "b", 2), ("default", "c", 5), ("default", "d", 2), ("acme", "b", 4)]
    {
        let draft = Draft::on(stream).tenant(tenant).events(&["happened"; 5][..events]);
        counted.log.append(draft.into()).await?;
    }
    let named = |rows: &[(&str, i64)]| {
        rows.iter().map(|(stream, number)| ((*stream).to_owned(), *number)).collect::<Vec<_>>()
    };
    let tenant = Tenant::default();
    let (rows, position) = seen(&view, BUSY, &tenant).await?;
    same("the view's rows", &rows, &named(&[("b", 20), ("c", 50), ("d", 20)]))?;
    same("their position: no lag at all", &position, &14)?;
    let (rows, _) = seen(&view, BUSY, &Tenant::stored("acme".into())).await?;
    same("another tenant's rows", &rows, &named(&[("b", 40)]))?;

    let question = Ask {
        filter: Predicate::Compare {
            column: "number".into(),
            comparison: Comparison::LessOrEqual,
            value: Value::Int(50),
        },
        sort: vec![("number".into(), Direction::Descending)],
        limit: 2,
        ..Ask::rows(BUSY)
    };
    let page = view.ask(&tenant, &question).await?;
    let next = view.ask(&tenant, &Ask { after: page.next.clone(), ..question.clone() }).await?;
    let streams: Vec<_> =
        page.rows.iter().chain(&next.rows).map(|row| row.key.key.as_str().to_owned()).collect();
    same("two pages of it", &streams, &vec!["c".to_owned(), "d".into(), "b".into()])?;
    holds!(page.next.is_some() && next.next.is_none(), "of two pages the first or the last says otherwise");
    let one = view.ask(&tenant, &Ask { key: Some("c".into()), ..Ask::rows(BUSY) }).await?;
    same("a row by its key", &one.rows.iter().map(number).collect::<Vec<_>>(), &vec![50])?;
    let none = view.ask(&tenant, &Ask { key: Some("a".into()), ..Ask::rows(BUSY) }).await?;
    same("a row that the view leaves out", &none.rows.len(), &0)?;
    let unknown = Predicate::IsNull { column: "tenant".into() };
    let answer = view.ask(&tenant, &Ask { filter: unknown, ..question }).await;
    holds!(matches!(answer, Err(RowError::NoSuchColumn(_))), "a column that is not the view's: {answer:?}");
    Ok(())
}

pub(super) async fn refused(bench: Bench) -> Checked {
    let counted = bench.open().await?;
    counted.log.append(Draft::on("a").event("happened").into()).await?;
    let statements = [
        "DELETE FROM counts",
        "UPDATE counts SET number = 7",
        "SELECT tenant, stream, number FROM counts; DELETE FROM counts",
        "SELECT tenant, stream, number FROM counts) AS x; DELETE FROM counts; --",
        "SELECT tenant, stream FROM counts",
        "SELECT stream, number FROM counts",
        "SELECT tenant, stream, number FROM nowhere",
        "nonsense",
        "",
    ];
    for sql in statements {
        if counted.rows.open_sql_view(table(BUSY), sql).await.is_ok() {
            return Err(Problem(format!("this was taken for a view: {sql:?}")));
        }
    }
    let (rows, _) = seen(&counted.counts, super::bench::COUNTS, &Tenant::default()).await?;
    same("the rows, after all of that", &rows, &vec![("a".to_owned(), 1)])
}
