//! Tables of another version answer nothing, and stay until others take their place.

use std::borrow::Cow;

use watershed_core::ports::{GroupSpec, RowError, RowStore};
use watershed_core::{Ask, ColumnKind, TableSpec, Value};
use watershed_sqlite::SqliteRows;

use crate::support::{Fixture, at, by_key, column, group, now, pairs, puts, tenant, thing, things};

fn filled() -> Fixture {
    let fixture = Fixture::new();
    now(fixture.group.write(&puts(vec![thing("old", &[])], 5))).unwrap();
    fixture
}

fn assert_empty(fixture: &Fixture) {
    assert_eq!(now(fixture.group.checkpoint()).unwrap(), watershed_core::ports::Checkpoint::default());
    for ask in [by_key("old"), Ask::rows("things")] {
        let found = now(fixture.group.ask(&tenant("acme"), &ask)).unwrap();
        assert_eq!((found.rows.len(), found.position), (0, 0));
    }
}

#[test]
fn whoever_goes_back_finds_the_old_rows_as_long_as_nothing_was_written() {
    let fixture = filled().reopened("2");
    assert_empty(&fixture);
    let fixture = fixture.reopened("1");
    assert_eq!(fixture.ids(&Ask::rows("things")), ["old"]);
    assert_eq!(now(fixture.group.checkpoint()).unwrap().position, 5);
}

#[test]
fn a_group_of_another_version_can_be_followed_from_the_start() {
    let fixture = filled().reopened("2");
    now(fixture.group.write(&puts(vec![thing("new", &[])], 1))).unwrap();
    assert_eq!(fixture.ids(&Ask::rows("things")), ["new"]);
    let fixture = fixture.reopened("2");
    assert_eq!(fixture.ids(&Ask::rows("things")), ["new"]);
    assert_empty(&fixture.reopened("1"));
}

/// Somebody changes a table and forgets to raise the version: the wrong columns must not be written to.
#[test]
fn a_changed_table_is_another_version_whatever_its_number_says() {
    let fixture = filled();
    let mut changed = things();
    let mut columns = changed.columns.into_owned();
    columns.push(column("extra", ColumnKind::Int));
    changed.columns = Cow::Owned(columns);
    let Fixture { group: old, store, folder } = fixture;
    drop((old, store));
    let store = SqliteRows::open(folder.path()).unwrap();
    let group = now(store.open(GroupSpec { tables: vec![changed, pairs()], ..group("1") })).unwrap();
    let fixture = Fixture { group, store, folder };
    assert_empty(&fixture);
    let mut row = thing("new", &[]);
    row.values.push(Value::Int(3));
    now(fixture.group.write(&puts(vec![row.clone()], 1))).unwrap();
    assert_eq!(now(fixture.group.rows(0, &[row.key.clone()])).unwrap(), [row]);
}

#[test]
fn a_program_of_an_older_version_cannot_write_over_newer_tables() {
    let fixture = filled();
    let newer = now(fixture.store.open(group("2"))).unwrap();
    let mut loader = now(newer.loader()).unwrap();
    now(loader.add(0, vec![thing("new", &[])])).unwrap();
    now(loader.finish(Vec::new(), at(9))).unwrap();
    // The older one is still running.
    assert!(matches!(now(fixture.group.write(&puts(vec![thing("old", &[])], 6))), Err(RowError::Store(_))));
    assert_empty(&fixture);
    let found = now(newer.ask(&tenant("acme"), &Ask::rows("things"))).unwrap();
    assert_eq!((found.rows.len(), found.position), (1, 9));
}

#[test]
fn a_table_that_was_dropped_by_hand_is_made_and_filled_again() {
    let fixture = filled();
    fixture.plain().execute_batch("DROP TABLE pairs").unwrap();
    let fixture = fixture.reopened("1");
    assert_empty(&fixture);
    now(fixture.group.write(&puts(vec![thing("new", &[])], 1))).unwrap();
    assert_eq!(fixture.ids(&Ask::rows("things")), ["new"]);
}

#[test]
fn a_table_cannot_take_the_name_of_the_stores_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteRows::open(folder.path()).unwrap();
    for name in ["checkpoints", "Parked", "loading", "sqlite_schema", "sqlite_stat1"] {
        let table = TableSpec { name: name.into(), ..things() };
        let spec = GroupSpec {
            name: "some".into(),
            edition: 1,
            version: "1".into(),
            tables: vec![table],
            journal: Vec::new(),
        };
        assert!(matches!(now(store.open(spec)), Err(RowError::Store(_))), "{name}");
    }
}

#[test]
fn no_groups_name_leads_out_of_the_folder_or_to_another_groups_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteRows::open(folder.path()).unwrap();
    let names = ["a", "A", "../a", "a/b", "a%2Fb", "", ".", "..", "é", "a\0b", "CON"];
    let mut groups = Vec::new();
    for (number, name) in (1..).zip(names) {
        let spec = GroupSpec {
            name: name.to_owned(),
            edition: 1,
            version: "1".into(),
            tables: vec![things()],
            journal: Vec::new(),
        };
        let group = now(store.open(spec)).unwrap();
        now(group.write(&puts(Vec::new(), number))).unwrap();
        groups.push((number, group));
    }
    for (number, group) in groups {
        assert_eq!(now(group.checkpoint()).unwrap().position, number);
    }
    let files = |folder: &std::path::Path| std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files(folder.path()), 1);
}
