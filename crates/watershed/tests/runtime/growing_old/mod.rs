//! Rows that are past the age that their contract allows: nobody sees them, folds neither, and they are deleted; whenever and however
//! often rows are folded anew.

mod domain;
mod goes;
mod storm;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use watershed::core::ports::ManualClock;
use watershed::core::{Clock, Timestamp};
use watershed::prelude::*;
use watershed::runtime::{LookAt, PageAsk, Terms};

use self::domain::context;

/// A clock that tests move.
#[derive(Clone)]
struct Hands(Arc<ManualClock>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl Hands {
    fn new() -> Self {
        Self(Arc::new(ManualClock::at("2025-03-01T00:00:00Z".parse().unwrap())))
    }

    fn hours(&self, hours: u64) {
        self.0.advance(Duration::from_secs(3_600 * hours));
    }
}

async fn open(folder: &Path, clock: &Hands) -> Running {
    context().clock(clock.clone()).start(watershed::embedded(folder).unwrap()).await.unwrap()
}

/// The rows of a view, as readers see them.
async fn rows(visits: &Running, view: &str) -> Vec<String> {
    let terms = Terms { token: Some(visits.token()), ..Terms::default() };
    let page = PageAsk { limit: Some(1_000), ..PageAsk::default() };
    let page = visits.page_json(view, page, &terms).await.unwrap().value;
    page.rows.iter().map(ToString::to_string).collect()
}

/// Whether the views hold what a fold of the log makes of it, by both ways to look.
async fn assert_no_drift(visits: &Running) {
    for look in [LookAt::Everything, LookAt::Sample(1_000_000)] {
        let report = visits.reconcile(&Principal::default(), "visitors", look).await.unwrap();
        assert_eq!(report.drift, 0, "{look:?}: {:?}", report.views);
    }
}

/// How many rows the files hold, hidden ones and those past their age too.
fn stored(folder: &Path) -> usize {
    let count = std::process::Command::new("sqlite3")
        .arg(folder.join("views/visitors.db"))
        .arg("PRAGMA busy_timeout=5000; SELECT count(*) FROM visitors")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&count.stdout).into_owned();
    text.lines().last().and_then(|line| line.parse().ok()).unwrap()
}
