//! Whoever follows a list has, in the end, what the list has: while rows are written, parked, tried again, edited and put right,
//! while versions take turns, and over restarts; and although they go away again and again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use watershed::prelude::*;
use watershed::runtime::{Again, EditionState};

use super::domain::{DEFECT, both, first};
use super::{Follower, read};
use crate::bank::{AccountCommand, deposit, opening, withdrawal};
use crate::reconcile::tamper;
use crate::troubles::until;

/// A sequence of numbers that is always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Does something to an account.
async fn act(lists: &Running, dice: &mut Dice) {
    let id = format!("a{}", dice.below(12));
    let branch = ["north", "north", "south", "hidden"][dice.below(4) as usize];
    let command = match dice.below(12) {
        0..=2 => opening(&id, "Ann", branch),
        3..=6 => deposit(&id, 10 + dice.below(60) as i64),
        7 => deposit(&id, 13),
        8 | 9 => withdrawal(&id, 1 + dice.below(40) as i64),
        10 => AccountCommand::Move { account_id: id, branch: branch.into() },
        _ => AccountCommand::Close { account_id: id },
    };
    let sent = lists.send(command).by(Principal {
        tenant: if dice.below(4) == 0 { Tenant::new("other").unwrap() } else { Tenant::default() },
        ..Principal::default()
    });
    match sent.await {
        Ok(_) | Err(SendError::Refused(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Follows for a while, and goes away in the middle of what comes.
async fn follow(lists: &Running, follower: &mut Follower, dice: &mut Dice) {
    let mut following = follower.follow(lists);
    for _ in 0..dice.below(4) {
        let next = tokio::time::timeout(Duration::from_millis(3), following.next()).await;
        let Ok(changes) = next else { return };
        let changes = changes.unwrap();
        let most = if dice.below(3) == 0 { dice.below(3) as usize } else { usize::MAX };
        let broken_off = changes.changes.len() > most;
        follower.take(lists, changes, most).await;
        if broken_off {
            return;
        }
    }
}

async fn release_all(lists: &Running) {
    let operator = Principal::default();
    DEFECT.store(false, Ordering::Relaxed);
    for parked in lists.parked(&operator, None).await.unwrap() {
        let tenant = Tenant::new(&parked.tenant).unwrap();
        // It may have been tried by itself meanwhile.
        let _ = lists.retry_parked(&operator, &parked.view, &tenant, &parked.key).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_follows_a_list_has_what_it_has_whatever_happens_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    let seed = std::env::var("WATERSHED_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    println!("seed {seed}");
    // Apart, for how often the list is followed depends on what comes when.
    let (mut dice, mut own_dice) = (Dice(seed), Dice(seed));
    let mut follower = Follower::default();
    let mut lists = first(folder.path()).await;
    let rounds = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 400 } else { 40 };
    for round in 0..rounds {
        DEFECT.store(dice.below(3) == 0, Ordering::Relaxed);
        for _ in 0..dice.below(60) {
            act(&lists, &mut dice).await;
            if dice.below(3) == 0 {
                follow(&lists, &mut follower, &mut own_dice).await;
            }
        }
        let (turned, reads) = (dice.below(9), follower.read.len());
        match turned {
            0 => {
                read(&lists, lists.token()).await;
                tamper(
                    folder.path(),
                    "views/listed.db",
                    "UPDATE listed SET balance = 77, branch = 'north' WHERE account_id < 'a3'",
                );
                lists.reconcile(&operator, "listed", watershed::runtime::LookAt::Everything).await.unwrap();
                lists.repair(&operator, "listed").await.unwrap();
            }
            1 => release_all(&lists).await,
            2 => drop(lists.rebuild_and_wait(&operator, "listed").await.unwrap()),
            3 => {
                lists.close().await;
                lists = both(folder.path()).await;
            }
            4 | 5 => turn(&lists).await,
            _ => {}
        }
        release_all(&lists).await;
        follower.catch_up(&lists).await;
        assert_eq!(follower.rows, read(&lists, lists.token()).await, "round {round} of seed {seed}");
        let is_replaced = matches!(turned, 2 | 4 | 5);
        assert!(
            is_replaced || round == 0 || follower.read.len() == reads,
            "round {round}: it is read again for nothing"
        );
    }
    assert!(follower.told > 100, "{}", follower.told);
    lists.rebuild_and_wait(&operator, "listed").await.unwrap();
    follower.catch_up(&lists).await;
    assert_eq!(follower.read.last(), Some(&Again::Replaced));
    lists.close().await;
}

/// Has the other version serve.
async fn turn(lists: &Running) {
    let operator = Principal::default();
    let editions = || lists.editions(&operator, Some("listed")).unwrap();
    let has = |state: EditionState| editions().iter().any(|edition| edition.state == state);
    if has(EditionState::Reversible) {
        lists.rollback(&operator, "listed", None).await.unwrap();
        return;
    }
    if has(EditionState::Declared) {
        lists.backfill(&operator, "listed", None, None).await.unwrap();
    }
    if has(EditionState::Backfilling) || has(EditionState::CaughtUp) || has(EditionState::Verified) {
        until("caught up", || async { has(EditionState::CaughtUp) || has(EditionState::Verified) }).await;
        DEFECT.store(false, Ordering::Relaxed);
        // Keys that are parked in one of the two only differ, and nothing is cut over to then.
        let verification = lists.verify(&operator, "listed", None).await.unwrap();
        if verification.mismatches == 0 {
            lists.cutover(&operator, "listed", None).await.unwrap();
        } else {
            lists.retire(&operator, "listed", Some(verification.edition)).await.unwrap();
        }
    }
}
