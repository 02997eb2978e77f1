//! The disk is full: appends are refused, nothing acknowledged is lost, and writing goes on once there is room again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use watershed_core::ports::{AppendError, EventLog, LogReader};
use watershed_sqlite::Health;

use super::support::{all, append, open, quiet};

/// A small file system of its own, unmounted in the end.
struct Small(PathBuf);

impl Small {
    fn mount(dir: &Path, megabytes: u32) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(dir)
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(dir.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_appends_and_writing_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let Some(_small) = Small::mount(dir.path(), 40) else {
        assert!(std::env::var("CI").is_err(), "no small file system could be mounted: run as root");
        println!("SKIPPED: no small file system could be mounted; run as root");
        return;
    };
    std::fs::write(dir.path().join("ballast"), vec![7; 20 << 20]).unwrap();
    let log = open(dir.path(), quiet());
    let mut taken = Vec::new();
    let refusal = loop {
        let number = taken.len() as u64;
        let mut big = append(number, "s", 1);
        big.events[0].payload = format!("{{\"text\":\"{}\"}}", "x".repeat(100_000)).into_bytes().into();
        match log.append(big).await {
            Ok(appended) => taken.push(appended.position),
            Err(refusal) => break refusal,
        }
        assert!(taken.len() < 1_000, "the disk did not become full");
    };
    assert!(matches!(refusal, AppendError::ReadOnly(_)), "{refusal}");
    assert!(matches!(log.health(), Health::ReadOnly { resumes: true, .. }), "{:?}", log.health());
    let until = log.head();
    assert_eq!(taken, (1..=until).collect::<Vec<_>>());
    assert_eq!(all(&log).await.len() as u64, until, "what was acknowledged can be read");
    let still = log.append(append(90_000, "s", 1)).await;
    assert!(matches!(still, Err(AppendError::ReadOnly(_))), "{still:?}");

    std::fs::remove_file(dir.path().join("ballast")).unwrap();
    let since = Instant::now();
    // By itself: whoever has been told that the log takes no writes may send none.
    while log.health() != Health::Writable {
        assert!(since.elapsed() < Duration::from_secs(20), "writing did not go on: {:?}", log.health());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let again = log.append(append(100_000, "s", 2)).await.unwrap();
    assert_eq!((again.position, again.version), (until + 2, until + 2));
    drop(log);
    let log = open(dir.path(), quiet());
    log.verify(&mut |_, _| {}).unwrap();
    assert_eq!(log.head(), until + 2);
}
