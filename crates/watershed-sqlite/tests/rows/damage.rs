//! A damaged file never keeps anybody from starting: it is set aside, and its rows are folded anew.

use std::fs;
use std::path::{Path, PathBuf};

use watershed_core::ports::{Checkpoint, RowError, RowStore};
use watershed_core::{Ask, Predicate};
use watershed_sqlite::SqliteRows;

use crate::support::{Fixture, by_key, group, now, puts, tenant, thing};

/// A folder whose only group has that many rows, and nobody who has it open.
fn left(rows: u64) -> tempfile::TempDir {
    let Fixture { group, store, folder } = Fixture::new();
    let things = (0..rows).map(|number| thing(&format!("thing-{number:05}"), &[])).collect();
    now(group.write(&puts(things, rows))).unwrap();
    drop((group, store));
    folder
}

fn open(folder: tempfile::TempDir) -> Fixture {
    let store = SqliteRows::open(folder.path()).unwrap();
    let group = now(store.open(group("1"))).unwrap();
    Fixture { group, store, folder }
}

fn close(fixture: Fixture) -> tempfile::TempDir {
    let Fixture { group, store, folder } = fixture;
    drop((group, store));
    folder
}

fn file(folder: &Path) -> PathBuf {
    folder.join("views/things.1.db")
}

/// Writes other bytes over some of the file's.
fn damage(folder: &Path, bytes: std::ops::Range<usize>) -> Vec<u8> {
    let mut damaged = fs::read(file(folder)).unwrap();
    damaged[bytes].fill(0xA5);
    fs::write(file(folder), &damaged).unwrap();
    damaged
}

fn assert_new(fixture: &Fixture) {
    assert_eq!(now(fixture.group.checkpoint()).unwrap(), Checkpoint::default());
    assert!(fixture.ids(&Ask::rows("things")).is_empty());
    now(fixture.group.write(&puts(vec![thing("new", &[])], 1))).unwrap();
    assert_eq!(fixture.ids(&Ask::rows("things")), ["new"]);
    assert_eq!(fixture.damage(), "ok");
}

#[test]
fn a_file_that_cannot_be_opened_is_set_aside_whole_and_made_again() {
    let mut folder = left(10);
    for number in 1..=2 {
        let damaged = damage(folder.path(), 0..100);
        let fixture = open(folder);
        assert_new(&fixture);
        let aside = fixture.folder.path().join(format!("views/things.1.db.damaged-{number}"));
        assert_eq!(fs::read(aside).unwrap(), damaged);
        folder = close(fixture);
    }
    assert_eq!(open(folder).ids(&Ask::rows("things")), ["new"], "what is whole stays");
}

#[test]
fn damage_that_is_found_later_says_what_to_do_and_the_next_start_sees_to_it() {
    let folder = left(2_000);
    let size = fs::read(file(folder.path())).unwrap().len();
    let damaged = damage(folder.path(), size / 2..size);
    let fixture = open(folder);
    let read = now(fixture.group.scan(0, &Predicate::All, None, 10_000));
    let Err(RowError::Damaged(said)) = read else { panic!("{} rows were read", read.unwrap().len()) };
    let name = file(fixture.folder.path()).display().to_string();
    assert!(said.starts_with(&name) && said.contains("start again"), "{said}");
    let fixture = open(close(fixture));
    assert_new(&fixture);
    let aside = fixture.folder.path().join("views/things.1.db.damaged-1");
    assert_eq!(fs::read(aside).unwrap().len(), damaged.len());
    assert_eq!(open(close(fixture)).ids(&Ask::rows("things")), ["new"], "what is whole stays");
}

/// Whatever bit of what SQLite reads first is another: the group opens and takes rows.
#[test]
fn no_flipped_bit_in_its_header_keeps_a_group_from_opening() {
    let sound = fs::read(file(left(10).path())).unwrap();
    let every = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 1 } else { 5 };
    for bit in (0..100 * 8).step_by(every) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::create_dir(folder.path().join("views")).unwrap();
        fs::write(file(folder.path()), bytes).unwrap();
        let fixture = open(folder);
        let written = now(fixture.group.write(&puts(vec![thing("new", &[])], 11)));
        assert_eq!(written, Ok(()), "bit {bit}");
        let found = now(fixture.group.ask(&tenant("acme"), &by_key("new"))).unwrap();
        assert_eq!((found.rows.len(), found.position), (1, 11), "bit {bit}");
    }
}
