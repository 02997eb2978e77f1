use std::cmp::Ordering;

use watershed_core::ports::{RowChange, RowsBatch, StoredRow};
use watershed_core::{Ask, Direction, Predicate, TableSpec, Value};

use super::bench::{Bench, Opened, ask, checkpoint, hidden, key, keys, numbered, put, walk};
use super::specs::{DECLARED, THINGS, THINGS_TABLE, things};
use super::values::random_things;
use crate::conformance::promise::{Checked, holds, same};
use crate::fold::order;

pub(super) type SortBy = Vec<(std::borrow::Cow<'static, str>, Direction)>;

const WAYS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

/// The rows that readers see and that fulfil the condition, in that order: worked out in memory.
pub(super) fn wanted(
    table: &TableSpec,
    rows: &[StoredRow],
    filter: &Predicate,
    sort: &SortBy,
) -> Vec<StoredRow> {
    let mut wanted: Vec<StoredRow> = rows
        .iter()
        .filter(|row| row.shown && crate::fulfils(table, &row.values, filter) == Ok(true))
        .cloned()
        .collect();
    wanted.sort_by(|left, right| compare(table, left, right, sort));
    wanted
}

fn compare(table: &TableSpec, left: &StoredRow, right: &StoredRow, sort: &SortBy) -> Ordering {
    for (name, direction) in sort {
        let Some((place, _)) = table.column(name) else {
            continue;
        };
        let ascending = match (&left.values[place], &right.values[place]) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Less,
            (_, Value::Null) => Ordering::Greater,
            (left, right) => order(left, right).unwrap_or(Ordering::Equal),
        };
        let ordering = match direction {
            Direction::Ascending => ascending,
            Direction::Descending => ascending.reverse(),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    let ascending = left.key.key.as_str().cmp(right.key.key.as_str());
    match sort.last() {
        Some((_, Direction::Descending)) => ascending.reverse(),
        _ => ascending,
    }
}

/// The question for these rows in that order, answered page by page, must give what memory gives.
pub(super) async fn gives(
    group: &Opened,
    rows: &[StoredRow],
    filter: &Predicate,
    sort: &SortBy,
    limit: u32,
) -> Checked {
    let question = Ask { filter: filter.clone(), sort: sort.clone(), limit, ..Ask::rows(THINGS) };
    let found = walk(group, &question).await?;
    let wanted = wanted(&things(), rows, filter, sort);
    if found == wanted {
        return Ok(());
    }
    // The keys tell enough, as a rule.
    same(&format!("{filter:?} sorted by {sort:?}, {limit} at a time"), &keys(&found), &keys(&wanted))?;
    same(&format!("{filter:?} sorted by {sort:?}"), &found, &wanted)
}

pub(super) async fn sorted(bench: Bench) -> Checked {
    let rows = random_things(120, 7);
    let group = bench.things_with(rows.clone()).await?;
    gives(&group, &rows, &Predicate::All, &Vec::new(), 50).await?;
    for first in DECLARED.iter().chain(&["id"]) {
        for way in WAYS {
            let sort: SortBy = vec![((*first).into(), way)];
            gives(&group, &rows, &Predicate::All, &sort, 1_000).await?;
            for second in DECLARED {
                for second_way in WAYS {
                    let sort: SortBy = vec![((*first).into(), way), (second.into(), second_way)];
                    gives(&group, &rows, &Predicate::All, &sort, 37).await?;
                }
            }
        }
    }
    let all: SortBy =
        DECLARED.iter().zip(WAYS.iter().cycle()).map(|(name, way)| ((*name).into(), *way)).collect();
    gives(&group, &rows, &Predicate::All, &all, 11).await
}

pub(super) async fn walked(bench: Bench) -> Checked {
    let rows = random_things(60, 8);
    let group = bench.things_with(rows.clone()).await?;
    let shown = rows.iter().filter(|row| row.shown).count();
    let exact = u32::try_from(shown).unwrap_or(1);
    for limit in [1, 2, 7, exact - 1, exact, exact + 1, Ask::MAX_LIMIT] {
        for sort in [
            Vec::new(),
            vec![("number".into(), Direction::Descending)],
            vec![("word".into(), Direction::Ascending)],
        ] {
            gives(&group, &rows, &Predicate::All, &sort, limit).await?;
        }
    }
    let page = ask(&group, &Ask { limit: exact, ..Ask::rows(THINGS) }).await?;
    holds!(page.next.is_none(), "a page that holds every row says that there is another");
    let page = ask(&group, &Ask { limit: exact - 1, ..Ask::rows(THINGS) }).await?;
    holds!(page.next.is_some(), "a page that lacks one row says that it is the last");
    Ok(())
}

pub(super) async fn shown(bench: Bench) -> Checked {
    let rows = vec![numbered("a", 1), hidden(numbered("b", 2)), numbered("c", 3), hidden(numbered("d", 4))];
    let group = bench.things_with(rows).await?;
    for limit in [1, 2, 3, 4] {
        let rows = walk(&group, &Ask { limit, ..Ask::rows(THINGS) }).await?;
        same("the rows that readers see", &keys(&rows), &vec!["a", "c"])?;
    }
    put(&group, THINGS_TABLE, vec![numbered("b", 2)], 2).await?;
    same("after one more is shown", &keys(&walk(&group, &Ask::rows(THINGS)).await?), &vec!["a", "b", "c"])
}

pub(super) async fn row_gone(bench: Bench) -> Checked {
    let rows: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|id| numbered(id, 7)).collect();
    let group = bench.things_with(rows).await?;
    let question =
        Ask { sort: vec![("number".into(), Direction::Descending)], limit: 2, ..Ask::rows(THINGS) };
    let page = ask(&group, &question).await?;
    same("the first page", &keys(&page.rows), &vec!["e", "d"])?;
    let change = RowsBatch {
        changes: vec![(THINGS_TABLE, vec![RowChange::Delete(key("d")), RowChange::Put(numbered("dd", 7))])],
        checkpoint: checkpoint(2),
        ..RowsBatch::default()
    };
    group.write(&change).await?;
    let rest = walk(&group, &Ask { after: page.next, ..question }).await?;
    same("what comes after a row that has gone", &keys(&rest), &vec!["c", "b", "a"])
}
