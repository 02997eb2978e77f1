use std::time::Instant;

use watershed::core::Principal;

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, History, Views, mixed, write_history};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::machine::{forget_peak, own_time, peak_mebibytes};
use crate::raw::scan;
use crate::stats::{micros_each, per_second};

static FAST: Line = Line::told("events", Unit::PerSecond).at_least(800_000.0).splendid(1_700_000.0);
static WIDE: Line = Line::told("events", Unit::PerSecond).at_least(200_000.0);
static PROCESSOR: Line = Line::told("processor each", Unit::Micros);
static MEMORY: Line = Line::told("peak memory", Unit::Mebibytes).at_most(512.0);

/// The rebuild of a read model, beside a raw scan of the same log.
pub(crate) struct Rebuild {
    name: &'static str,
    measures: &'static str,
    families: u64,
    events_each: u64,
    rate: &'static Line,
}

impl Rebuild {
    /// A million events.
    pub(crate) const MILLION: Self = Self {
        name: "rebuild-1m",
        measures: "family_detail from 1,000,000 events over 50,000 families, beside a raw scan of that log",
        families: 50_000,
        events_each: 20,
        rate: &FAST,
    };
    /// Ten million.
    pub(crate) const TEN_MILLION: Self = Self {
        name: "rebuild-10m",
        measures: "family_detail from 10,000,000 events over 50,000 families, beside a raw scan of that log",
        families: 50_000,
        events_each: 200,
        rate: &FAST,
    };
    /// Ten million over so many keys that they do not fit in memory.
    pub(crate) const WIDE: Self = Self {
        name: "rebuild-wide",
        measures: "family_detail from 10,000,000 events over 5,000,000 families, beside a raw scan of that log",
        families: 5_000_000,
        events_each: 2,
        rate: &WIDE,
    };
}

impl Case for Rebuild {
    fn about(&self) -> About {
        About { name: self.name, measures: self.measures }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let dir = lab.dir()?;
        let history =
            History { families: lab.count(self.families), events_each: self.events_each, then: mixed };
        runtime.block_on(write_history(dir.path(), history))?;
        let coop = runtime.block_on(async {
            let coop = Coop::start(dir.path(), Views::Detail).await?;
            coop.caught_up().await.map(|()| coop)
        })?;
        Ok(Box::new(move || {
            let raw = scan(&dir.path().join("log.db"), history.events())?;
            forget_peak();
            let used = own_time();
            let rate = runtime.block_on(rebuild(&coop, history.events()))?;
            let processor = micros_each(own_time() - used, history.events());
            let mut readings =
                vec![Reading::beside(self.rate, rate, raw), Reading::alone(&PROCESSOR, processor)];
            readings.extend(peak_mebibytes().map(|peak| Reading::alone(&MEMORY, peak)));
            Ok(readings)
        }))
    }
}

async fn rebuild(coop: &Coop, events: u64) -> Result<f64, Problem> {
    let began = Instant::now();
    let operator = Principal::default();
    coop.running.rebuild_and_wait(&operator, "family_detail").await.map_err(Problem::product)?;
    let took = began.elapsed();
    let position = coop.position().await?;
    if position != events {
        return Err(Problem::Wrong(format!("rebuilt up to {position} of {events} events")));
    }
    Ok(per_second(events, took))
}
