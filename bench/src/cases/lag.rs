use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use watershed::core::Position;

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, Views, family, key, mixed};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::load::open_loop;
use crate::mix::mix;
use crate::raw::STREAMS;
use crate::stats::Histogram;

static P99_SLOW: Line = Line::told("visible p99", Unit::Millis).at_most(2.0);
static P99_FAST: Line = Line::told("visible p99", Unit::Millis).at_most(8.0);
static P50: Line = Line::told("visible p50", Unit::Millis);
static ACK: Line = Line::told("ack p50", Unit::Millis);

/// How long after a command's receipt its event is in every read model, at a steady rate of commands.
pub(crate) struct Lag {
    name: &'static str,
    measures: &'static str,
    per_second: u32,
    p99: &'static Line,
}

impl Lag {
    /// 200 commands a second.
    pub(crate) const SLOW: Self = Self {
        name: "lag-200",
        measures: "from receipt to visible in all read models, at 200 commands/s",
        per_second: 200,
        p99: &P99_SLOW,
    };
    /// 5,000 commands a second.
    pub(crate) const FAST: Self = Self {
        name: "lag-5000",
        measures: "from receipt to visible in all read models, at 5,000 commands/s",
        per_second: 5_000,
        p99: &P99_FAST,
    };
}

/// Positions, and when each was reached: rising.
type Trail = Arc<Mutex<Vec<(Instant, Position)>>>;

impl Case for Lag {
    fn about(&self) -> About {
        About { name: self.name, measures: self.measures }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        Ok(Box::new(|| {
            let runtime = lab.runtime()?;
            let (ack, visible) = runtime.block_on(async {
                let (coop, _dir) = Coop::with_families(lab, Views::All, STREAMS).await?;
                let measured = measure(&coop, 0, self.per_second, lab.time(10.0)).await?;
                coop.close().await;
                Ok::<_, Problem>(measured)
            })?;
            Ok(vec![
                Reading::alone(&ACK, ack.millis(0.5)),
                Reading::alone(&P50, visible.millis(0.5)),
                Reading::alone(self.p99, visible.millis(0.99)),
            ])
        }))
    }
}

/// From when a command is due to its receipt, and from there until its event is in every view of the co-op, which has families. The commands'
/// numbers begin with `first`.
pub(super) async fn measure(
    coop: &Coop,
    first: u64,
    per_second: u32,
    time: Duration,
) -> Result<(Histogram, Histogram), Problem> {
    let mut followers = JoinSet::new();
    let mut trails = Vec::new();
    for view in coop.views.names() {
        let trail = Trail::default();
        followers.spawn(follow(coop.running.clone(), view, trail.clone()));
        trails.push(trail);
    }
    let receipts = Trail::default();
    let (running, taken_at) = (coop.running.clone(), receipts.clone());
    let ack = open_loop(per_second, time, move |number| {
        let (running, receipts, number) = (running.clone(), taken_at.clone(), first + number);
        async move {
            let command = mixed(family(mix(number) % STREAMS), mix(number), number);
            let receipt = running.send(command).key(key(number)).await.map_err(Problem::product)?;
            push(&receipts, receipt.position);
            Ok(())
        }
    })
    .await?;
    coop.caught_up().await?;
    // The followers hear of it as late as everybody else.
    tokio::time::sleep(Duration::from_millis(50)).await;
    followers.abort_all();
    let visible = visible(&taken(&receipts), &trails)?;
    Ok((ack, visible))
}

async fn follow(running: watershed::runtime::Running, view: &'static str, trail: Trail) {
    let mut position = running.head();
    while let Ok(next) = running.changed(view, position).await {
        position = next;
        push(&trail, position);
    }
}

/// For each receipt, how much later the last of the views had its event.
fn visible(receipts: &[(Instant, Position)], trails: &[Trail]) -> Result<Histogram, Problem> {
    let trails: Vec<_> = trails.iter().map(taken).collect();
    let mut latency = Histogram::default();
    for (acked, position) in receipts {
        let mut longest = Duration::ZERO;
        for trail in &trails {
            let first = trail.partition_point(|(_, reached)| reached < position);
            let Some((seen, _)) = trail.get(first) else {
                return Err(Problem::Wrong(format!("event {position} was never seen in a view")));
            };
            longest = longest.max(seen.saturating_duration_since(*acked));
        }
        latency.record(longest);
    }
    Ok(latency)
}

fn push(trail: &Trail, position: Position) {
    trail.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), position));
}

fn taken(trail: &Trail) -> Vec<(Instant, Position)> {
    std::mem::take(&mut *trail.lock().unwrap_or_else(PoisonError::into_inner))
}
