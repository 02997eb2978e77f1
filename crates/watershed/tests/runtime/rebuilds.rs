use watershed::prelude::*;
use watershed::runtime::{PageAsk, Terms};

use crate::bank::{self, deposit, opening};

/// Every row of every view, as readers see them.
pub(crate) async fn everything(bank: &Running) -> Vec<String> {
    let terms = Terms { token: Some(bank.token()), ..Terms::default() };
    let mut all = Vec::new();
    for view in ["balances", "deposit_sizes", "branches"] {
        let mut after = None;
        loop {
            let page = PageAsk { limit: Some(1_000), after: after.take(), ..PageAsk::default() };
            let page = bank.page_json(view, page, &terms).await.unwrap().value;
            all.extend(page.rows.iter().map(|row| format!("{view} {row}")));
            match page.next {
                Some(next) => after = Some(next.to_string()),
                None => break,
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_gives_the_rows_that_were_there_and_goes_on_from_them() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    let operator = Principal::default();
    for number in 0..200 {
        let id = format!("a{number}");
        bank.send(opening(&id, "Ann", ["north", "south", "east"][number % 3])).await.unwrap();
        for turn in 0..(number % 5) {
            bank.send(deposit(&id, (number * turn) as i64 % 150 + 1)).await.unwrap();
        }
        if number % 17 == 0 {
            bank.send(bank::AccountCommand::Close { account_id: id }).await.unwrap();
        }
    }
    let before = everything(&bank).await;
    assert!(before.len() > 150);
    for view in ["balances", "deposit_sizes"] {
        let progress = bank.rebuild_and_wait(&operator, view).await.unwrap();
        assert_eq!(progress.done, progress.total);
    }
    assert_eq!(everything(&bank).await, before);
    bank.send(deposit("a1", 1_000)).await.unwrap();
    assert_eq!(bank::balance(&bank, "a1").await.unwrap().balance, Decimal::from(1_001));
    let live = everything(&bank).await;
    bank.rebuild_and_wait(&operator, "branches").await.unwrap();
    assert_eq!(everything(&bank).await, live, "a rollup is rebuilt with its read model");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_take_more_memory_than_there_is_are_folded_in_several_passes() {
    let folder = tempfile::tempdir().unwrap();
    let stores = watershed::embedded(folder.path()).unwrap();
    let bank = bank::context().rebuild_memory(64 << 10).start(stores).await.unwrap();
    for turn in 0..3 {
        for number in 0..600 {
            let id = format!("a{number}");
            let command = match turn {
                0 => opening(&id, "Ann", ["north", "south", "east"][number % 3]),
                _ => deposit(&id, (number * turn) as i64 % 150 + 1),
            };
            bank.send(command).await.unwrap();
        }
    }
    let (before, operator) = (everything(&bank).await, Principal::default());
    let counted = |view: &str| {
        let all = bank.checkpoints(&operator).unwrap();
        let of_view = all.iter().find(|group| group.views.iter().any(|name| name == view));
        of_view.unwrap().checkpoint.events_processed
    };
    for view in ["balances", "deposit_sizes"] {
        let processed = counted(view);
        let progress = bank.rebuild_and_wait(&operator, view).await.unwrap();
        assert_eq!(progress.done, progress.total, "{view}");
        assert_eq!(counted(view), processed, "{view}: each event counts once");
        assert!(progress.memory <= 2 * progress.memory_bound, "{progress:?}");
        let passes = progress.total / bank.head();
        assert!(view != "balances" || (3..30).contains(&passes), "{progress:?}");
    }
    assert_eq!(everything(&bank).await, before);
}
