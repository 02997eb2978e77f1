use std::time::Duration;

use watershed_core::ports::Snapshot;
use watershed_core::{StreamId, Tenant};

use super::bench::{Bench, Log};
use super::draft::CATEGORY;
use crate::conformance::promise::{Checked, Problem, holds, same};

/// How often to look for what is saved behind the caller's back, and for how long.
const LOOKS: u32 = 1_000;
const BETWEEN: Duration = Duration::from_millis(10);

/// A snapshot whose state follows from its version.
fn snapshot(version: u64) -> Snapshot {
    Snapshot {
        version,
        meaning: 3,
        state: (0..version * 977).map(|place| (place * version % 251) as u8).collect(),
    }
}

/// The snapshot of that version must be there before long: one that never comes serves nobody.
async fn comes(log: &Log, tenant: &Tenant, stream: &StreamId, wanted: &Snapshot) -> Checked {
    for _ in 0..LOOKS {
        let found = log.load_snapshot(tenant, stream).await;
        if found.as_ref() == Some(wanted) {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Err(Problem(format!("the snapshot of version {} was saved, and did not come", wanted.version)))
}

pub(super) async fn kept(bench: Bench) -> Checked {
    let log = bench.open().await;
    let (tenant, other) = (Tenant::default(), Tenant::stored("elsewhere".into()));
    let (s, t) = (StreamId::new(CATEGORY, "s"), StreamId::new(CATEGORY, "t"));
    log.save_snapshot(&tenant, &s, snapshot(5));
    comes(&log, &tenant, &s, &snapshot(5)).await?;
    same("another stream's", &log.load_snapshot(&tenant, &t).await, &None)?;
    same("another tenant's", &log.load_snapshot(&other, &s).await, &None)?;
    log.save_snapshot(&other, &s, snapshot(2));
    log.save_snapshot(&tenant, &t, Snapshot { state: Vec::new(), ..snapshot(3) });
    comes(&log, &other, &s, &snapshot(2)).await?;
    comes(&log, &tenant, &t, &Snapshot { state: Vec::new(), ..snapshot(3) }).await?;
    same("the first one", &log.load_snapshot(&tenant, &s).await, &Some(snapshot(5)))?;

    log.save_snapshot(&tenant, &s, snapshot(9));
    comes(&log, &tenant, &s, &snapshot(9)).await?;
    log.save_snapshot(&tenant, &s, snapshot(7));
    log.save_snapshot(&tenant, &t, snapshot(8));
    comes(&log, &tenant, &t, &snapshot(8)).await?;
    same(
        "the newest, after an older one was saved late",
        &log.load_snapshot(&tenant, &s).await,
        &Some(snapshot(9)),
    )?;
    let again = Snapshot { meaning: 4, ..snapshot(9) };
    log.save_snapshot(&tenant, &s, again.clone());
    comes(&log, &tenant, &s, &again).await?;
    drop(log);

    let log = bench.open().await;
    let found = log.load_snapshot(&tenant, &s).await;
    holds!(found.is_none() || found == Some(again), "after the log was opened again: {found:?}");
    Ok(())
}

pub(super) async fn whole(bench: Bench) -> Checked {
    let log = bench.open().await;
    let (tenant, stream) = (Tenant::default(), StreamId::new(CATEGORY, "s"));
    let saver = {
        let (log, tenant, stream) = (log.clone(), tenant.clone(), stream.clone());
        tokio::spawn(async move {
            for version in 1..=200 {
                log.save_snapshot(&tenant, &stream, snapshot(version));
                tokio::task::yield_now().await;
            }
        })
    };
    let mut newest = 0;
    while !saver.is_finished() {
        if let Some(found) = log.load_snapshot(&tenant, &stream).await {
            holds!(
                found == snapshot(found.version),
                "the snapshot of version {} is not what was saved",
                found.version
            );
            holds!(
                found.version >= newest,
                "a snapshot of {newest} was there, then one of {}",
                found.version
            );
            newest = found.version;
        }
        tokio::task::yield_now().await;
    }
    saver.await.map_err(Problem::new)?;
    comes(&log, &tenant, &stream, &snapshot(200)).await
}
