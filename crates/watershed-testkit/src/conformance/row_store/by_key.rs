use watershed_core::ports::RowKey;
use watershed_core::{Ask, Tenant, Value};

use super::bench::{Bench, ask, hidden, in_tenant, key, key_of, keys, numbered, one, put, walk};
use super::specs::{EXTRAS, THINGS, THINGS_TABLE};
use crate::conformance::promise::{Checked, same};

pub(super) async fn found(bench: Bench) -> Checked {
    let group = bench.things_with(vec![numbered("a", 1), numbered("b", 2)]).await?;
    let row = ask(&group, &one("b")).await?;
    same("the row", &row.rows, &vec![numbered("b", 2)])?;
    same("what else is said", &(row.next, row.position, row.parked), &(None, 1, 0))?;
    same("a row that is not there", &ask(&group, &one("c")).await?.rows.len(), &0)?;
    same("the position where no row is there", &ask(&group, &one("c")).await?.position, &1)?;
    let elsewhere = Ask { key: Some("b".into()), ..Ask::rows(EXTRAS) };
    same("the key in another table", &ask(&group, &elsewhere).await?.rows.len(), &0)?;
    // The rest of the question does not count.
    let asked = Ask { filter: watershed_core::Predicate::IsNull { column: "number".into() }, ..one("b") };
    same("the row, with a filter beside its key", &ask(&group, &asked).await?.rows.len(), &1)
}

pub(super) async fn hidden_row(bench: Bench) -> Checked {
    let group = bench.things_with(vec![hidden(numbered("a", 1)), numbered("b", 2)]).await?;
    same("the hidden row for a reader", &ask(&group, &one("a")).await?.rows.len(), &0)?;
    let rows = group.rows(THINGS_TABLE, &[key("a")]).await?;
    same("the hidden row for a fold", &rows, &vec![hidden(numbered("a", 1))])?;
    put(&group, THINGS_TABLE, vec![numbered("a", 1), hidden(numbered("b", 2))], 2).await?;
    same("the row after it is shown", &ask(&group, &one("a")).await?.rows.len(), &1)?;
    same("the other after it is hidden", &ask(&group, &one("b")).await?.rows.len(), &0)
}

pub(super) async fn many(bench: Bench) -> Checked {
    let there: Vec<String> = (0..3_000).map(|id| format!("k-{}", id * 2)).collect();
    let group = bench.things_with(there.iter().map(|id| numbered(id, 1)).collect()).await?;
    let asked: Vec<RowKey> = (0..6_000).map(|id| key(&format!("k-{id}"))).collect();
    let rows = group.rows(THINGS_TABLE, &asked).await?;
    let mut found = keys(&rows);
    found.sort_unstable();
    let mut wanted: Vec<&str> = there.iter().map(String::as_str).collect();
    wanted.sort_unstable();
    same("the rows of 6,000 keys, half of which have one", &found, &wanted)?;
    same("the rows of no keys", &group.rows(THINGS_TABLE, &[]).await?.len(), &0)
}

pub(super) async fn tenants(bench: Bench) -> Checked {
    let group = bench.things().await?;
    let names = ["acme", "Acme", "acme ", "acme' OR 1=1 --", "default"];
    for (name, number) in names.iter().zip(0..) {
        let rows = vec![
            in_tenant(name, numbered("a", number)),
            in_tenant(name, numbered(&format!("own-{number}"), 1)),
        ];
        put(&group, THINGS_TABLE, rows, 1).await?;
    }
    for (name, number) in names.iter().zip(0_i64..) {
        let tenant = Tenant::stored((*name).into());
        let row = group.ask(&tenant, &one("a")).await?;
        same("the tenant's row", &row.rows, &vec![in_tenant(name, numbered("a", number))])?;
        let page = group.ask(&tenant, &Ask::rows(THINGS)).await?;
        same("the tenant's rows", &keys(&page.rows), &vec!["a", &*format!("own-{number}")])?;
        let other = group.ask(&tenant, &one(&format!("own-{}", (number + 1) % 5))).await?;
        same("another tenant's row", &other.rows.len(), &0)?;
        let rows = group.rows(THINGS_TABLE, &[key_of(name, "a")]).await?;
        same("the tenant's row for a fold", &rows[0].values[2], &Value::Int(number))?;
    }
    let nobody = Tenant::stored("nobody".into());
    same("an unknown tenant's rows", &group.ask(&nobody, &Ask::rows(THINGS)).await?.rows.len(), &0)?;
    same("the default tenant's rows", &walk(&group, &Ask::rows(THINGS)).await?.len(), &2)
}
