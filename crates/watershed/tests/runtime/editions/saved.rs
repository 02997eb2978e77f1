use std::path::Path;

use watershed::prelude::*;
use watershed::runtime::OperateError;

use super::{EditionState, edition, filled, states, until_states};
use crate::bank::{self, deposit};
use crate::rebuilds::everything;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_were_saved_are_gone_on_from_elsewhere() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let operator = Principal::default();
    filled(folder.path()).await;
    let bank = bank::open(folder.path()).await;
    everything(&bank).await;
    let note = bank.save(&operator, "balances", "monday").await.unwrap();
    assert_eq!((note.group.as_str(), note.position), ("balances", bank.head()));
    for number in 1..5 {
        bank.send(deposit(&format!("a{number}"), 100)).await.unwrap();
    }
    let rows = everything(&bank).await;
    bank.close().await;

    // The log and what was saved, without the views.
    copy(folder.path(), elsewhere.path());
    copy(&folder.path().join("snapshots"), &elsewhere.path().join("snapshots"));
    let bank = bank::open(elsewhere.path()).await;
    assert_eq!(everything(&bank).await, rows, "folded from the beginning, as there were no views");
    let restored = bank.restore(&operator, "branches", "monday").await.unwrap().edition;
    assert!(edition(&bank, restored).position >= note.position, "it begins where it was saved");
    until_states(&bank, &[(1, EditionState::Serving), (restored, EditionState::CaughtUp)]).await;
    assert_eq!(bank.verify(&operator, "balances", None).await.unwrap().mismatches, 0);
    bank.cutover(&operator, "balances", None).await.unwrap();
    assert_eq!(states(&bank), [(1, EditionState::Reversible), (restored, EditionState::Serving)]);
    assert_eq!(everything(&bank).await, rows);
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_do_not_belong_here_are_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let operator = Principal::default();
    filled(folder.path()).await;
    filled(other.path()).await;
    let bank = bank::open(folder.path()).await;
    bank.save(&operator, "balances", "mine").await.unwrap();
    let refused = |done: Result<watershed::runtime::Switched, OperateError>, said: &str| {
        let error = done.unwrap_err();
        assert!(matches!(&error, OperateError::WrongState(text) if text.contains(said)), "{error}");
    };
    refused(bank.restore(&operator, "balances", "none").await, "there is no snapshot `none`");
    refused(bank.restore(&operator, "balances", "../log").await, "there is no snapshot");
    refused(bank.restore(&operator, "deposit_sizes", "mine").await, "is one of `balances`");
    copy(&folder.path().join("snapshots"), &other.path().join("snapshots"));
    bank.close().await;
    let bank = bank::open(other.path()).await;
    refused(bank.restore(&operator, "balances", "mine").await, "was folded from another log");
    assert_eq!(states(&bank), [(1, EditionState::Serving)]);
    bank.close().await;
}
