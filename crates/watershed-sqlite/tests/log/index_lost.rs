//! The index is behind, gone, another log's, ahead of the log, or damaged: the log knows, and its answers stay true.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use watershed_core::ports::{AppendError, EventLog, LogIndex, LogReader, ReadFrom, Scope};
use watershed_core::{StreamId, Tag, Tenant};
use watershed_sqlite::{Options, SqliteLog};

use super::support::{all, append, fill, hasty, open, quiet};

/// Fills a fresh log, and closes it.
async fn filled(options: Options, until: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path(), options), 0..until).await;
    dir
}

/// Holds every answer of the index against the events themselves.
async fn everything_is_found(log: &SqliteLog, until: u64) {
    let tenant = Tenant::default();
    let events = all(log).await;
    for number in 0..until {
        let record = log.find_key(&tenant, &format!("key-{number}")).await.unwrap().unwrap();
        assert_eq!(record.events.len() as u64, 1 + number % 3);
        let last = &events[record.position as usize - 1];
        assert_eq!((&last.stream, last.version), (&record.stream, record.version));
        let refused = log.append(append(number, "other", 1)).await;
        let first = record.position - number % 3;
        assert_eq!(refused, Err(AppendError::KeyTaken { position: first }));
        if number % 2 == 0 {
            let tag = Tag::once("ticket", format!("{number}-0"));
            assert_eq!(log.find_tag(&tenant, &tag).await.unwrap(), Some(first));
        }
    }
    assert_eq!(log.find_key(&tenant, &format!("key-{until}")).await.unwrap(), None);
    for stream in 0..7 {
        let stream = StreamId::new("family", format!("s-{stream}"));
        let wanted: Vec<u64> = events.iter().filter(|e| e.stream == stream).map(|e| e.position).collect();
        assert_eq!(log.stream_version(&tenant, &stream).await.unwrap(), wanted.len() as u64);
        let scope = Scope::Stream { tenant: tenant.clone(), stream };
        let found = log.read(ReadFrom { scope, after: 0, limit: 10_000 }).await.unwrap();
        assert_eq!(found.events.iter().map(|event| event.position).collect::<Vec<_>>(), wanted);
    }
}

fn copy_index(from: &Path, to: &Path) {
    fs::copy(from.join("index.db"), to.join("index.db")).unwrap();
}

#[tokio::test]
async fn an_index_that_is_behind_is_caught_up() {
    let dir = filled(hasty(), 200).await;
    let old = tempfile::tempdir().unwrap();
    copy_index(dir.path(), old.path());
    fill(&open(dir.path(), quiet()), 200..300).await;
    copy_index(old.path(), dir.path());
    for options in [quiet(), hasty()] {
        everything_is_found(&open(dir.path(), options), 300).await;
    }
}

#[tokio::test]
async fn an_index_that_is_gone_is_made_again() {
    let dir = filled(hasty(), 300).await;
    for options in [quiet(), hasty()] {
        fs::remove_file(dir.path().join("index.db")).unwrap();
        everything_is_found(&open(dir.path(), options), 300).await;
    }
}

#[tokio::test]
async fn an_index_of_another_log_is_not_believed() {
    let (dir, other) = (filled(hasty(), 100).await, filled(hasty(), 100).await);
    copy_index(other.path(), dir.path());
    everything_is_found(&open(dir.path(), quiet()), 100).await;
}

#[tokio::test]
async fn an_index_that_is_ahead_of_a_restored_log_is_not_believed() {
    let dir = filled(hasty(), 100).await;
    let old = tempfile::tempdir().unwrap();
    fs::copy(dir.path().join("log.db"), old.path().join("log.db")).unwrap();
    fill(&open(dir.path(), hasty()), 1_000..1_100).await;
    fs::copy(old.path().join("log.db"), dir.path().join("log.db")).unwrap();
    everything_is_found(&open(dir.path(), quiet()), 100).await;

    // As far as the index has come, but with other events.
    let newer = tempfile::tempdir().unwrap();
    fill(&open(dir.path(), hasty()), 100..180).await;
    copy_index(dir.path(), newer.path());
    fs::copy(old.path().join("log.db"), dir.path().join("log.db")).unwrap();
    fs::remove_file(dir.path().join("index.db")).unwrap();
    fill(&open(dir.path(), hasty()), 100..190).await;
    let log = open(dir.path(), quiet());
    everything_is_found(&log, 190).await;
}

/// No bit of the index may turn an answer into another one: it is right, or an error, and right after the next start.
#[tokio::test]
async fn a_flipped_bit_in_the_index_never_makes_a_wrong_answer() {
    let dir = filled(hasty(), 120).await;
    let sound = fs::read(dir.path().join("index.db")).unwrap();
    let tenant = Tenant::default();
    let right: Vec<_> = {
        let log = open(dir.path(), quiet());
        let mut right = Vec::new();
        for number in 0..120 {
            right.push(log.find_key(&tenant, &format!("key-{number}")).await.unwrap().unwrap());
        }
        right
    };
    let (mut errors, mut state) = (0, 0x9E37_79B9_7F4A_7C15_u64);
    for _ in 0..150 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bit = (state >> 20) as usize % (sound.len() * 8);
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(dir.path().join("index.db"), bytes).unwrap();
        let mut failed = false;
        {
            let log = open(dir.path(), quiet());
            for (number, right) in right.iter().enumerate() {
                match log.find_key(&tenant, &format!("key-{number}")).await {
                    Ok(found) => assert_eq!(found.as_ref(), Some(right), "bit {bit}"),
                    Err(_) => failed = true,
                }
                let again = log.append(append(number as u64, "other", 1)).await;
                assert!(again.is_err(), "bit {bit}: a key was used twice");
            }
        }
        errors += usize::from(failed);
        let log = open(dir.path(), quiet());
        for (number, right) in right.iter().enumerate() {
            let found = log.find_key(&tenant, &format!("key-{number}")).await;
            assert_eq!(found.unwrap().as_ref(), Some(right), "bit {bit}, after the next start");
        }
    }
    assert!(errors > 0, "no flip hit a block that was read");
}
