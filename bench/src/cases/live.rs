use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, Views, family, mixed};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::machine::{forget_peak, peak_mebibytes};
use crate::mix::mix;
use crate::raw::{STREAMS, group_commit};
use crate::stats::{Histogram, Load};

static RATE: Line = Line::told("rate", Unit::PerSecond).at_least(40_000.0);
static PROCESSOR: Line = Line::told("processor each", Unit::Micros);
static P99: Line = Line::told("p99", Unit::Millis);
static LAG: Line = Line::told("lag p99", Unit::Millis).at_most(200.0);
static DRAINED: Line = Line::told("drained in", Unit::Millis).at_most(200.0);
static MEMORY: Line = Line::told("peak memory", Unit::Mebibytes);

const CALLERS: u64 = 256;
/// How often the lag is looked at. It counts as that much longer than was seen.
const LOOK: Duration = Duration::from_millis(5);

/// Commands while every read model follows, for a minute.
pub(crate) struct Live;

impl Case for Live {
    fn about(&self) -> About {
        About {
            name: "live",
            measures: "256 callers over 2,000 families for a minute, all read models live, beside raw group commit",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        Ok(Box::new(|| {
            let raw = group_commit(lab, CALLERS, STREAMS)?;
            forget_peak();
            let mut readings = lab.runtime()?.block_on(measure(lab, &raw))?;
            readings.extend(peak_mebibytes().map(|peak| Reading::alone(&MEMORY, peak)));
            Ok(readings)
        }))
    }
}

async fn measure(lab: &Lab, raw: &Load) -> Result<Vec<Reading>, Problem> {
    let (coop, _dir) = Coop::with_families(lab, Views::All, STREAMS).await?;
    let coop = Arc::new(coop);
    let over = Arc::new(AtomicBool::new(false));
    let lag = tokio::spawn(watch_lag(coop.clone(), over.clone()));
    let command = |number| mixed(family(mix(number) % STREAMS), mix(number), number);
    let load = coop.load(CALLERS, lab.time(60.0), command).await?;
    over.store(true, Ordering::Relaxed);
    // Whatever had piled up would have to be worked off now.
    let stopped = Instant::now();
    coop.caught_up().await?;
    let drained = stopped.elapsed();
    let lag = lag.await.map_err(|_| Problem::Panicked("the watcher of the lag"))??;
    Ok(vec![
        Reading::beside(&RATE, load.rate(), raw.rate()),
        Reading::beside(&PROCESSOR, load.processor, raw.processor),
        Reading::alone(&P99, load.latency.millis(0.99)),
        Reading::alone(&LAG, lag.millis(0.99)),
        Reading::alone(&DRAINED, drained.as_secs_f64() * 1e3),
    ])
}

/// How long the oldest event that is not in every view has stood in the log, looked at again and again.
async fn watch_lag(coop: Arc<Coop>, over: Arc<AtomicBool>) -> Result<Histogram, Problem> {
    let mut lag = Histogram::default();
    // When the log was last seen without the events after that position.
    let mut heads = VecDeque::from([(Instant::now(), coop.log().head())]);
    while !over.load(Ordering::Relaxed) {
        tokio::time::sleep(LOOK).await;
        let folded = coop.position().await?;
        let now = Instant::now();
        heads.push_back((now, coop.log().head()));
        while heads.get(1).is_some_and(|(_, head)| *head <= folded) {
            heads.pop_front();
        }
        let since = heads.front().map_or(now, |(then, _)| *then);
        lag.record(now - since);
    }
    Ok(lag)
}
