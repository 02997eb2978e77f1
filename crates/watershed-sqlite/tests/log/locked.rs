//! A data folder that must not be opened, and what is said then.

use std::fs;
use std::process::Command;

use watershed_sqlite::{OpenError, Sqlite};

use super::support::{fill, open, quiet};

const CHILD: &str = "WATERSHED_TEST_LOCKED";

/// Runs in a process of its own: tries to open the folder that the environment names, and prints what came of it.
#[test]
fn child_that_opens_a_folder() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    match Sqlite::open(dir, quiet()) {
        Ok(_) => println!("OPENED"),
        Err(error) => println!("REFUSED {error}"),
    }
}

fn tried_by_a_child(dir: &std::path::Path) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "locked::child_that_opens_a_folder", "--nocapture"])
        .env(CHILD, dir)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_second_process_is_refused_and_told_who_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(dir.path(), quiet()).unwrap();
    assert!(tried_by_a_child(dir.path()).contains("REFUSED"));
    sqlite.set_holder("watershed serve, process 7, http://127.0.0.1:8080\n").unwrap();
    let said = tried_by_a_child(dir.path());
    assert!(said.contains("(watershed serve, process 7, http://127.0.0.1:8080)"), "{said}");
    assert!(matches!(Sqlite::open(dir.path(), quiet()), Err(OpenError::InUse { .. })));
    // The log alone holds the folder, too.
    let log = sqlite.log();
    drop(sqlite);
    assert!(tried_by_a_child(dir.path()).contains("REFUSED"));
    drop(log);
    assert!(tried_by_a_child(dir.path()).contains("OPENED"));
}

#[test]
fn a_folder_of_a_newer_program_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path(), quiet()));
    let file = dir.path().join("log.db");
    rusqlite::Connection::open(&file).unwrap().execute("UPDATE meta SET format = 99", []).unwrap();
    let before = fs::read(&file).unwrap();
    let error = Sqlite::open(dir.path(), quiet()).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn what_is_no_log_is_refused_and_says_so() {
    let garbage = tempfile::tempdir().unwrap();
    fs::write(
        garbage.path().join("log.db"),
        "this is no database, but it is long enough to be one".repeat(200),
    )
    .unwrap();
    let other = tempfile::tempdir().unwrap();
    let file = other.path().join("log.db");
    rusqlite::Connection::open(&file).unwrap().execute_batch("CREATE TABLE things (a)").unwrap();
    let renamed = tempfile::tempdir().unwrap();
    fill(&open(renamed.path(), quiet()), 0..3).await;
    let file = renamed.path().join("log.db");
    rusqlite::Connection::open(&file).unwrap().execute("UPDATE meta SET epoch = 7", []).unwrap();
    for dir in [garbage, other, renamed] {
        let error = Sqlite::open(dir.path(), quiet()).unwrap_err();
        assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("watershed log verify"), "{error}");
    }
}
