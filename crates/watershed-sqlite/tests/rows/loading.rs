//! A loader that dies, at whatever moment, leaves the old tables as they were and nothing else behind.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use watershed_core::ports::{Loader, RowError, RowStore, StoredRow};
use watershed_core::{Ask, Value};
use watershed_sqlite::SqliteRows;

use crate::support::{Fixture, at, group, key, now, puts, thing};

const OWN_TABLES: [&str; 7] = ["_changes", "_journal", "checkpoints", "loading", "parked", "pairs", "things"];

fn pair(number: i64) -> StoredRow {
    StoredRow {
        key: key("acme", &format!("here:{number}")),
        values: vec![Value::Text("here".into()), Value::Int(number)],
        position: 1,
        revision: 0,
        shown: true,
    }
}

fn filled() -> Fixture {
    let fixture = Fixture::new();
    now(fixture.group.write(&puts(vec![thing("old", &[])], 5))).unwrap();
    fixture
}

fn assert_old(fixture: &Fixture) {
    assert_eq!(fixture.ids(&Ask::rows("things")), ["old"]);
    assert_eq!(now(fixture.group.checkpoint()).unwrap().position, 5);
}

fn assert_tidy(fixture: &Fixture) {
    let mut own = OWN_TABLES;
    own.sort_unstable();
    assert_eq!(fixture.tables(), own);
    assert_eq!(fixture.damage(), "ok");
}

/// Does the first `steps` steps of a load.
fn load(loader: &mut Box<dyn Loader>, steps: usize) {
    for step in 0..steps {
        let id = i64::try_from(step).unwrap();
        now(loader.add(0, vec![thing(&format!("new{step}"), &[])])).unwrap();
        now(loader.add(1, vec![pair(id)])).unwrap();
    }
}

#[test]
fn a_loader_that_is_dropped_leaves_the_old_tables() {
    for steps in 0..4 {
        let fixture = filled();
        let mut loader = now(fixture.group.loader()).unwrap();
        load(&mut loader, steps);
        assert_old(&fixture);
        drop(loader);
        assert_old(&fixture);
        // The next one takes its leftovers away.
        let mut loader = now(fixture.group.loader()).unwrap();
        load(&mut loader, 2);
        now(loader.finish(Vec::new(), at(9))).unwrap();
        assert_eq!(fixture.ids(&Ask::rows("things")), ["new0", "new1"]);
        assert_eq!(fixture.ids(&Ask::rows("pairs")), ["here:0", "here:1"]);
        assert_tidy(&fixture);
    }
}

#[test]
fn what_a_process_left_behind_is_dropped_when_the_file_is_opened_again() {
    for steps in 0..4 {
        let fixture = filled();
        let mut loader = now(fixture.group.loader()).unwrap();
        load(&mut loader, steps);
        drop(loader);
        let fixture = fixture.reopened("1");
        assert_old(&fixture);
        assert_tidy(&fixture);
    }
}

#[test]
fn a_load_that_cannot_be_finished_leaves_the_old_tables() {
    let fixture = filled();
    let mut loader = now(fixture.group.loader()).unwrap();
    now(loader.add(0, vec![thing("twice", &[])])).unwrap();
    now(loader.add(0, vec![thing("twice", &[])])).unwrap();
    assert!(matches!(now(loader.finish(Vec::new(), at(9))), Err(RowError::Store(_))));
    assert_old(&fixture);
    let mut loader = now(fixture.group.loader()).unwrap();
    load(&mut loader, 1);
    now(loader.finish(Vec::new(), at(9))).unwrap();
    assert_eq!(fixture.ids(&Ask::rows("things")), ["new0"]);
    assert_tidy(&fixture);
}

#[test]
fn two_loaders_at_once_do_not_touch_each_other() {
    let fixture = filled();
    let mut first = now(fixture.group.loader()).unwrap();
    let mut second = now(fixture.group.loader()).unwrap();
    load(&mut first, 3);
    load(&mut second, 1);
    now(first.finish(Vec::new(), at(8))).unwrap();
    assert_eq!(fixture.ids(&Ask::rows("things")).len(), 3);
    now(second.finish(Vec::new(), at(9))).unwrap();
    assert_eq!(fixture.ids(&Ask::rows("things")), ["new0"]);
    assert_tidy(&fixture);
}

#[test]
fn a_view_that_somebody_made_over_a_table_does_not_stop_a_load() {
    let fixture = filled();
    let plain = fixture.plain();
    plain
        .execute_batch("CREATE VIEW theirs AS SELECT id, count FROM things; CREATE TABLE notes (note TEXT)")
        .unwrap();
    let mut loader = now(fixture.group.loader()).unwrap();
    load(&mut loader, 2);
    now(loader.finish(Vec::new(), at(9))).unwrap();
    let seen: i64 = plain.query_row("SELECT count(*) FROM theirs", [], |row| row.get(0)).unwrap();
    assert_eq!(seen, 2);
    assert!(fixture.tables().contains(&"notes".to_owned()));
}

const VICTIM: &str = "WATERSHED_ROWS_VICTIM";

/// Loads and loads until it is killed. Run by `a_process_that_is_killed_leaves_the_old_tables_or_the_new`.
#[test]
fn victim() {
    let Some(folder) = std::env::var_os(VICTIM) else { return };
    let store = SqliteRows::open(folder.as_ref()).unwrap();
    let group = now(store.open(group("1"))).unwrap();
    for round in now(group.checkpoint()).unwrap().position + 1.. {
        let number = i64::try_from(round).unwrap();
        let mut loader = now(group.loader()).unwrap();
        for part in 0..10 {
            let rows =
                (0..50).map(|id| thing(&format!("k{part}-{id}"), &[(2, Value::Int(number))])).collect();
            now(loader.add(0, rows)).unwrap();
        }
        now(loader.finish(Vec::new(), at(round))).unwrap();
    }
}

#[test]
fn a_process_that_is_killed_leaves_the_old_tables_or_the_new() {
    let mut fixture = Fixture::new();
    let mut reached = 0;
    for round in 0..12_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "loading::victim"])
            .env(VICTIM, fixture.folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(40 + round * 13));
        child.kill().unwrap();
        child.wait().unwrap();
        fixture = fixture.reopened("1");
        let found = now(fixture
            .group
            .ask(&crate::support::tenant("acme"), &Ask { limit: Ask::MAX_LIMIT, ..Ask::rows("things") }))
        .unwrap();
        let number = i64::try_from(found.position).unwrap();
        assert!(found.position >= reached);
        assert_eq!(found.rows.len(), if found.position == 0 { 0 } else { 500 });
        assert!(found.rows.iter().all(|row| row.values[2] == Value::Int(number)));
        assert_tidy(&fixture);
        reached = found.position;
    }
    assert!(reached > 0, "no load was ever finished: this proved little");
}
