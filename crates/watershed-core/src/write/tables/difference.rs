use std::collections::BTreeMap;

use super::{StateRows, StateTable, TablesSpec};
use crate::ColumnError;
use crate::Value;
use crate::ports::{ChildChange, ChildWrite, RootWrite};

/// What makes `after` of `before`: `None` where there is no row.
///
/// # Errors
/// Where two rows of a child table bear one key.
pub fn difference(
    tables: &TablesSpec,
    before: Option<&StateRows>,
    after: &StateRows,
) -> Result<(RootWrite, Vec<ChildWrite>), ColumnError> {
    let root = match (before, after.kept) {
        (None, false) => return Ok((RootWrite::Keep, Vec::new())),
        (None, true) => RootWrite::Insert(after.root.clone()),
        (Some(_), false) => RootWrite::Delete,
        (Some(before), true) => RootWrite::Update(changed(&before.root, &after.root)),
    };
    let none = Vec::new();
    let mut writes = [Vec::new(), Vec::new(), Vec::new()];
    for (place, table) in tables.children.iter().enumerate() {
        let rows = |of: Option<&StateRows>| -> Vec<Vec<Value>> {
            of.and_then(|rows| rows.children.get(place)).unwrap_or(&none).clone()
        };
        let old = by_key(table, rows(before))?;
        let new = by_key(table, if after.kept { rows(Some(after)) } else { Vec::new() })?;
        compare(place, table, &old, &new, &mut writes);
    }
    // Gone first, so that what is new may have what they had.
    Ok((root, writes.into_iter().flatten().collect()))
}

/// Rows by their key, as a text that is equal where the key is.
type ByKey = BTreeMap<String, Vec<Value>>;

fn by_key(table: &StateTable, rows: Vec<Vec<Value>>) -> Result<ByKey, ColumnError> {
    let mut all = BTreeMap::new();
    for row in rows {
        let key = format!("{:?}", key_of(table, &row));
        if all.insert(key.clone(), row).is_some() {
            let problem = format!("two rows of `{}` bear the key {key}", table.name);
            return Err(ColumnError { column: table.name, problem });
        }
    }
    Ok(all)
}

fn key_of(table: &StateTable, row: &[Value]) -> Vec<Value> {
    table.key.iter().map(|place| row.get(*place).cloned().unwrap_or_default()).collect()
}

fn compare(
    place: usize,
    table: &StateTable,
    old: &ByKey,
    new: &ByKey,
    [deletes, updates, inserts]: &mut [Vec<ChildWrite>; 3],
) {
    let write = |change| ChildWrite { table: place, change };
    for (key, row) in old {
        match new.get(key) {
            None => deletes.push(write(ChildChange::Delete { key: key_of(table, row) })),
            Some(now) => {
                let columns = changed(row, now);
                if !columns.is_empty() {
                    updates.push(write(ChildChange::Update { key: key_of(table, row), columns }));
                }
            }
        }
    }
    let added = new.iter().filter(|(key, _)| !old.contains_key(*key));
    inserts.extend(added.map(|(_, row)| write(ChildChange::Insert(row.clone()))));
}

/// The columns whose contents differ, by their places. Contents of different kinds differ, also where they look alike.
fn changed(before: &[Value], after: &[Value]) -> Vec<(usize, Value)> {
    let differs = |(place, value): (usize, &Value)| {
        let same = before.get(place) == Some(value);
        (!same).then(|| (place, value.clone()))
    };
    after.iter().enumerate().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ColumnKind;
    use crate::write::StateColumn;

    fn tables() -> TablesSpec {
        let column = |name| StateColumn { name, kind: ColumnKind::Int, optional: false };
        let child = StateTable {
            name: "stock",
            tenant: None,
            id: "product",
            key: Vec::new(),
            columns: vec![column("shelf"), column("count")],
        };
        let root = StateTable {
            name: "products",
            tenant: None,
            id: "id",
            key: Vec::new(),
            columns: vec![column("a"), column("b")],
        };
        TablesSpec { root, version: "version", children: vec![child.keyed_by(&["shelf"])] }
    }

    fn rows(root: [i64; 2], stock: &[[i64; 2]]) -> StateRows {
        let row = |values: &[i64; 2]| values.iter().map(|value| Value::Int(*value)).collect();
        StateRows { kept: true, root: row(&root), children: vec![stock.iter().map(row).collect()] }
    }

    #[test]
    fn a_save_changes_what_differs_and_nothing_else() {
        let before = rows([1, 2], &[[10, 1], [20, 2], [30, 3]]);
        let after = rows([1, 7], &[[20, 2], [40, 4], [10, 9]]);
        let (root, children) = difference(&tables(), Some(&before), &after).expect("keys differ");
        assert_eq!(root, RootWrite::Update(vec![(1, Value::Int(7))]));
        let wanted = [
            ChildChange::Delete { key: vec![Value::Int(30)] },
            ChildChange::Update { key: vec![Value::Int(10)], columns: vec![(1, Value::Int(9))] },
            ChildChange::Insert(vec![Value::Int(40), Value::Int(4)]),
        ];
        assert_eq!(children, wanted.map(|change| ChildWrite { table: 0, change }));
        let (root, children) = difference(&tables(), Some(&before), &before).expect("keys differ");
        assert_eq!((root, children), (RootWrite::Update(vec![]), vec![]));
    }

    #[test]
    fn a_state_that_has_ended_takes_its_rows_with_it() {
        let before = rows([1, 2], &[[10, 1]]);
        let after = StateRows { kept: false, ..before.clone() };
        let (root, children) = difference(&tables(), Some(&before), &after).expect("keys differ");
        assert_eq!((root, children.len()), (RootWrite::Delete, 1));
        assert_eq!(difference(&tables(), None, &after), Ok((RootWrite::Keep, vec![])));
    }

    #[test]
    fn two_rows_with_one_key_are_told_before_the_database_has_to() {
        let twice = rows([1, 2], &[[10, 1], [10, 2]]);
        let told = difference(&tables(), None, &twice).expect_err("two with one key");
        assert!(told.to_string().contains("stock"), "{told}");
    }

    #[test]
    fn a_mapping_with_one_column_twice_is_none() {
        let mut twice = tables();
        twice.root.columns[1].name = "version";
        assert!(twice.check().is_err_and(|problem| problem.contains("`version` is mapped twice")));
        let mut keyless = tables();
        keyless.children[0].key.clear();
        assert!(keyless.check().is_err());
        assert_eq!(tables().check(), Ok(()));
    }
}
