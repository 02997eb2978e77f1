//! A flush fails: nothing is acknowledged from then on, and the flush is not tried again as if nothing had been. The kernel
//! may have dropped what it could not write, and would say that a second flush succeeded.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use watershed_core::ports::{AppendError, EventLog, LogReader};
use watershed_sqlite::Health;

use super::support::{append, fill, open, quiet};

const CHILD: &str = "WATERSHED_TEST_FLUSH";
const SWITCH: &str = "FAIL_FLUSHES";

/// Runs in a process of its own, whose flushes of the log fail while the file that the environment names is there.
#[tokio::test]
async fn child_whose_flushes_fail() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let switch = std::env::var(SWITCH).unwrap();
    let log = open(Path::new(&dir), quiet());
    fill(&log, 0..50).await;
    let head = log.head();
    std::fs::write(&switch, "").unwrap();
    for number in 100..110 {
        let refused = log.append(append(number, "s", 2)).await;
        assert!(matches!(refused, Err(AppendError::ReadOnly(_))), "{refused:?}");
    }
    std::fs::remove_file(&switch).unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let refused = log.append(append(200, "s", 2)).await;
    assert!(matches!(refused, Err(AppendError::ReadOnly(_))), "{refused:?}");
    assert!(matches!(log.health(), Health::ReadOnly { resumes: false, .. }), "{:?}", log.health());
    assert_eq!(log.head(), head);
    println!("REFUSED at {head}");
}

/// The shim that makes flushes fail; none where there is no C compiler.
fn shim(dir: &Path) -> Option<std::path::PathBuf> {
    let (source, shim) = (dir.join("shim.c"), dir.join("shim.so"));
    std::fs::write(&source, include_str!("failing_flush.c")).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&shim)
        .arg(&source)
        .arg("-ldl")
        .status();
    compiled.is_ok_and(|status| status.success()).then_some(shim)
}

#[tokio::test]
async fn after_a_flush_that_failed_nothing_is_acknowledged_until_the_log_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let Some(shim) = shim(dir.path()) else {
        println!("SKIPPED: no C compiler `cc` to make flushes fail with");
        return;
    };
    let data = dir.path().join("data");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "failing_flush::child_whose_flushes_fail", "--nocapture"])
        .env(CHILD, &data)
        .env(SWITCH, dir.path().join("switch"))
        .env("LD_PRELOAD", shim)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said.contains("REFUSED at"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let head: u64 =
        said.split("REFUSED at ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    // The commit whose flush failed may be there or not: it was answered with an error that says so.
    let log = open(&data, quiet());
    log.verify(&mut |_, _| {}).unwrap();
    assert!((head..=head + 2).contains(&log.head()), "{head} was acknowledged, {} is there", log.head());
    fill(&log, 300..310).await;
}
