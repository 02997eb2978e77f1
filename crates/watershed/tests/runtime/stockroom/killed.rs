//! `kill -9` in the midst of saves: rows and events agree, and what was acknowledged is there.

use std::path::Path;
use std::time::Duration;

use watershed::prelude::*;

use super::{Product, ProductCommand, create, open, start, stock, take};
use crate::kills::{FOLDER, VICTIM, kill_after, start_victim, stores_after_kill};
use crate::rows_equal_the_fold::Dice;

/// Not a test of its own: what the killed process does. Without the variable it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_saves_until_it_is_killed() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let room = open(Path::new(&folder)).await;
    let callers = (0..16_u64).map(|caller| {
        let room = room.clone();
        tokio::spawn(async move {
            let mut dice = Dice(
                caller.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ room.head().wrapping_add(1).wrapping_mul(77),
            );
            loop {
                let id = format!("p{}", dice.roll(40));
                let place = ["north", "south", "east"][dice.roll(3) as usize];
                let key = format!("k{:016x}", dice.roll(u64::MAX));
                let command = match dice.roll(10) {
                    0 | 1 => create(&id, &id),
                    2 => ProductCommand::Drop { product_id: id },
                    3 => ProductCommand::Empty { product_id: id, warehouse: place.into() },
                    4 | 5 => take(&id, place, dice.roll(5) as i64 + 1),
                    _ => stock(&id, place, dice.roll(9) as i64 + 1),
                };
                if let Ok(receipt) = room.send(command).key(key.as_str()).await
                    && !receipt.events.is_empty()
                {
                    println!("acked {key} {}", receipt.position);
                }
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        let _ = caller.await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_and_events_agree_after_kills_in_the_midst_of_saves() {
    let cycles = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 1_000 } else { 8 };
    let mut folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(0xC0FF_EE12);
    let (mut all, mut compared) = (0, 0);
    for cycle in 0..cycles {
        if cycle > 0 && cycle % FOLDER == 0 {
            folder = tempfile::tempdir().unwrap();
        }
        let victim =
            start_victim(folder.path(), "stockroom::killed::a_process_that_saves_until_it_is_killed");
        let acked = kill_after(victim, Duration::from_millis(60 + dice.roll(400)));
        all += acked.len();
        let stores = stores_after_kill(folder.path()).await;
        let log = stores.log.clone();
        for (key, position) in &acked {
            let found = log.find_key(&Tenant::default(), key).await.unwrap();
            assert_eq!(found.map(|found| found.position), Some(*position), "cycle {cycle}: `{key}`");
        }
        let room = start(stores).await.unwrap();
        let report = room.compare_tables::<Product>(&Principal::default()).await.unwrap();
        assert_eq!(report.differ, 0, "cycle {cycle}: {report:?}");
        compared += report.compared;
        room.close().await;
    }
    assert!(all > 50 && compared > 20, "the victims did something: {all}, {compared}");
}
