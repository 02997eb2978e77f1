use watershed::prelude::*;

use super::domain::{come, hide, leave, name};
use super::{Hands, assert_no_drift, open, rows};
use crate::troubles::until;

/// A sequence of numbers that is always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Everything that readers see of the rows.
async fn everything(visits: &Running) -> Vec<String> {
    let mut all = rows(visits, "halls").await;
    all.extend(rows(visits, "visitors").await);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_grew_old_are_the_same_however_and_whenever_they_are_folded() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hands::new());
    let seed = std::env::var("WATERSHED_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(11);
    println!("seed {seed}");
    let (mut dice, operator) = (Dice(seed), Principal::default());
    let mut visits = open(folder.path(), &clock).await;
    let mut most = 0;
    let rounds = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 300 } else { 30 };
    for round in 0..rounds {
        for _ in 0..dice.below(25) {
            let visitor = format!("v{}", dice.below(14));
            let hall = ["east", "west", "north"][dice.below(3) as usize];
            match dice.below(12) {
                0..=5 => drop(visits.send(come(&visitor, hall)).await.unwrap()),
                6..=7 => drop(visits.send(leave(&visitor)).await.unwrap()),
                8 => drop(visits.send(hide(&visitor)).await.unwrap()),
                9 => drop(visits.send(name(hall, &format!("{hall} {round}"))).await.unwrap()),
                _ => clock.hours(dice.below(9)),
            }
        }
        // So that deleting is due, and happens now and then.
        clock.hours(dice.below(3));
        let live = everything(&visits).await;
        assert_no_drift(&visits).await;
        let turn = dice.below(4);
        match turn {
            0 => drop(visits.rebuild_and_wait(&operator, "visitors").await.unwrap()),
            1 => {
                visits.close().await;
                visits = open(folder.path(), &clock).await;
            }
            2 => clock.hours(9),
            _ => tokio::time::sleep(std::time::Duration::from_millis(120)).await,
        }
        let mut expected = live;
        let now = everything(&visits).await;
        if turn == 2 {
            expected.retain(|row| now.contains(row));
        }
        assert_eq!(now, expected, "round {round} of seed {seed}, after {turn}");
        assert_no_drift(&visits).await;
        most = most.max(now.len());
    }
    assert!(most > 8, "{most}");
    // What the crowds are made of is deleted in the end, and they with it.
    clock.hours(30);
    until("nothing is left", || async { rows(&visits, "crowds").await.is_empty() }).await;
    assert_no_drift(&visits).await;
    visits.close().await;
}
