use watershed::prelude::*;
use watershed::runtime::{Again, AskError, EditionState, ListChange, PageAsk, StartError, Terms};

use super::domain::{both, first};
use super::{Follower, list};
use crate::bank::{self, AccountCommand, AccountEvent, deposit, opening, withdrawal};
use crate::reconcile::tamper;
use crate::troubles::until;

fn moved(id: &str, branch: &str) -> AccountCommand {
    AccountCommand::Move { account_id: id.into(), branch: branch.into() }
}

/// What was told since, in words.
async fn told(lists: &Running, follower: &mut Follower) -> Vec<String> {
    let _folded = super::read(lists, lists.token()).await;
    let mut words = Vec::new();
    let mut following = follower.follow(lists);
    while let Some(changes) = following.look().await.unwrap() {
        words.extend(changes.changes.iter().map(|(_, change)| match change {
            ListChange::Read { why, .. } => format!("{why:?}"),
            ListChange::Row { key, row } => {
                let row: serde_json::Value = serde_json::from_str(row.get()).unwrap();
                format!("{key} {}", row["balance"])
            }
            ListChange::Gone { key } => format!("{key} gone"),
        }));
        follower.take(lists, changes, usize::MAX).await;
    }
    words
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_told_when_it_enters_a_list_changes_in_it_and_leaves_it() {
    let folder = tempfile::tempdir().unwrap();
    let lists = both(folder.path()).await;
    let other = Principal { tenant: Tenant::new("other").unwrap(), ..Principal::default() };
    let mut follower = Follower::default();
    assert_eq!(told(&lists, &mut follower).await, ["Begin"]);
    lists.send(opening("a", "Ann", "north")).await.unwrap();
    lists.send(opening("a", "Eve", "north")).by(other.clone()).await.unwrap();
    lists.send(deposit("a", 90)).by(other).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, [""; 0], "a poor one, and one of another tenant");
    lists.send(deposit("a", 60)).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["a 60"], "it enters");
    lists.send(withdrawal("a", 5)).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["a 55"], "it changes");
    lists.send(withdrawal("a", 6)).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["a gone"], "it leaves");
    lists.send(withdrawal("a", 1)).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, [""; 0], "it is out of it");
    lists.send(deposit("a", 50)).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["a 98"]);
    lists.send(moved("a", "hidden")).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["a gone"], "nobody sees it");
    lists.send(deposit("a", 1)).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, [""; 0]);
    lists.send(moved("a", "north")).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["a 99"]);
    lists.send(AccountCommand::Close { account_id: "a".into() }).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["a gone"], "it is deleted");
    assert!(follower.rows.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_s_list_and_a_rollup_s_are_followed_too() {
    let folder = tempfile::tempdir().unwrap();
    let lists = both(folder.path()).await;
    let parameters =
        [("branch", "north"), ("least", "50")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut rich = lists.follow_query("rich", &parameters, Terms::default(), None).unwrap();
    let mut totals = lists.follow_page("listed_totals", PageAsk::default(), Terms::default(), None).unwrap();
    assert!(matches!(rich.next().await.unwrap().changes[..], [(_, ListChange::Read { .. })]));
    assert!(matches!(totals.next().await.unwrap().changes[..], [(_, ListChange::Read { .. })]));
    // Somebody waits for it.
    let waiting = tokio::spawn(async move {
        loop {
            let changes = rich.next().await.unwrap().changes;
            if let [.., (_, change)] = &changes[..] {
                assert!(matches!(change, ListChange::Row { key, .. } if key == "a"), "{changes:?}");
                return rich;
            }
        }
    });
    lists.send(opening("a", "Ann", "north")).await.unwrap();
    lists.send(deposit("a", 60)).await.unwrap();
    let mut rich = waiting.await.unwrap();
    lists.send(withdrawal("a", 20)).await.unwrap();
    let mut told = Vec::new();
    while !matches!(told.last(), Some(ListChange::Gone { .. })) {
        told.extend(rich.next().await.unwrap().changes.into_iter().map(|(_, change)| change));
    }
    let mut last = String::new();
    while !last.contains("\"money\":40") {
        for (_, change) in totals.next().await.unwrap().changes {
            let ListChange::Row { key, row } = change else { panic!("{change:?}") };
            assert_eq!(key, "north");
            last = row.get().to_owned();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_puts_right_is_told_although_no_event_has_come() {
    let folder = tempfile::tempdir().unwrap();
    let (lists, operator) = (both(folder.path()).await, Principal::default());
    lists.send(opening("a", "Ann", "north")).await.unwrap();
    lists.send(deposit("a", 60)).await.unwrap();
    let mut follower = Follower::default();
    follower.catch_up(&lists).await;
    tamper(folder.path(), "views/listed.db", "UPDATE listed SET balance = 7");
    assert_eq!(
        lists.reconcile(&operator, "listed", watershed::runtime::LookAt::Everything).await.unwrap().drift,
        1
    );
    // Somebody waits for it.
    let mut waiting = follower.follow(&lists);
    let waiting = tokio::spawn(async move { waiting.next().await.unwrap().changes.len() });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    lists.repair(&operator, "listed").await.unwrap();
    let told_to_them = tokio::time::timeout(std::time::Duration::from_secs(10), waiting).await;
    assert_eq!(told_to_them.unwrap().unwrap(), 1);
    assert_eq!(told(&lists, &mut follower).await, ["a 60"]);
    lists.rebuild_and_wait(&operator, "listed").await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["Replaced"]);
    lists.send(deposit("a", 1)).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["a 61"]);
    lists.close().await;
    // The journal goes on in the edition that serves now.
    let lists = both(folder.path()).await;
    lists.send(deposit("a", 1)).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["a 62"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cutover_is_told_to_whoever_waits() {
    let folder = tempfile::tempdir().unwrap();
    let lists = first(folder.path()).await;
    lists.send(opening("a", "Ann", "north")).await.unwrap();
    lists.send(deposit("a", 60)).await.unwrap();
    lists.close().await;
    let (lists, operator) = (both(folder.path()).await, Principal::default());
    lists.backfill(&operator, "listed", None, None).await.unwrap();
    until("caught up", || async {
        let editions = lists.editions(&operator, Some("listed")).unwrap();
        editions.iter().any(|edition| edition.state == EditionState::CaughtUp)
    })
    .await;
    lists.verify(&operator, "listed", None).await.unwrap();
    let mut follower = Follower::default();
    follower.catch_up(&lists).await;
    let mut following = follower.follow(&lists);
    let waiting = tokio::spawn(async move { following.next().await.unwrap().changes });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    lists.cutover(&operator, "listed", None).await.unwrap();
    let changes = tokio::time::timeout(std::time::Duration::from_secs(10), waiting).await.unwrap().unwrap();
    assert!(matches!(changes[..], [(_, ListChange::Read { why: Again::Replaced, .. })]), "{changes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_from_rows_that_are_lost_reads_the_list_again() {
    let folder = tempfile::tempdir().unwrap();
    let lists = first(folder.path()).await;
    lists.send(opening("a", "Ann", "north")).await.unwrap();
    lists.send(deposit("a", 60)).await.unwrap();
    let mut follower = Follower::default();
    follower.catch_up(&lists).await;
    lists.close().await;
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.path().join(format!("views/listed.1.db{suffix}")));
    }
    let lists = first(folder.path()).await;
    lists.send(deposit("a", 60)).await.unwrap();
    assert_eq!(told(&lists, &mut follower).await, ["Missed"]);
    assert_eq!(follower.read, [Again::Begin, Again::Missed]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_without_a_journal_cannot_be_followed_and_an_inline_one_cannot_have_one() {
    #[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone)]
    #[read_model(name = "inline_listed", version = 1, on(AccountEvent))]
    #[contract(owner = "tellers", fresh = inline, journal = keep(1h))]
    struct Inline {
        #[key(stream)]
        account_id: String,
    }
    impl On<AccountEvent> for Inline {
        fn apply(row: &mut Slot<'_, Self>, event: &Recorded<AccountEvent>) -> Applied {
            row.put(Self { account_id: event.stream.id.to_string() });
            Ok(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let context =
        Context::new("inline").policy(AllowAll).aggregate::<bank::Account>().read_models::<(Inline,)>();
    let started = context.start(watershed::embedded(folder.path()).unwrap()).await;
    assert!(matches!(started, Err(StartError::Unsupported { view, .. }) if view == "inline_listed"));

    let bank = bank::open(tempfile::tempdir().unwrap().path()).await;
    let mut following = bank.follow_page("balances", PageAsk::default(), Terms::default(), None).unwrap();
    assert!(matches!(following.next().await, Err(AskError::NotFollowed(view)) if view == "balances"));
    let paged = PageAsk { after: Some("x".into()), ..list() };
    assert!(bank.follow_page("balances", paged, Terms::default(), None).is_err());
}
