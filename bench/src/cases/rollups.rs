use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use watershed::core::Principal;

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, History, Views, mixed, write_history};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::machine::own_time;
use crate::stats::{micros_each, per_second};

static TIME: Line = Line::told("time each", Unit::Micros).times_at_most(1.5);
static WIDE_TIME: Line = Line::told("time each", Unit::Micros);
static PROCESSOR: Line = Line::told("processor each", Unit::Micros);
static RATE: Line = Line::told("events", Unit::PerSecond);

/// The upkeep of rollups: live folding with them, beside the same without.
pub(crate) struct Rollups {
    name: &'static str,
    measures: &'static str,
    families: u64,
    events_each: u64,
    views: Views,
    time: &'static Line,
}

impl Rollups {
    /// Three groups for each event.
    pub(crate) const THREE: Self = Self {
        name: "rollups-3",
        measures: "family_detail folded live from 200,000 events, a group of 3 rollups changed by each, beside none",
        families: 20_000,
        events_each: 10,
        views: Views::RolledUp,
        time: &TIME,
    };
    /// One group with very many values.
    pub(crate) const WIDE: Self = Self {
        name: "rollups-wide",
        measures: "family_detail folded live from 400,000 events into one group with 100,000 different values, beside none",
        families: 100_000,
        events_each: 4,
        views: Views::OneGroup,
        time: &WIDE_TIME,
    };
}

impl Case for Rollups {
    fn about(&self) -> About {
        About { name: self.name, measures: self.measures }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let history =
            History { families: lab.count(self.families), events_each: self.events_each, then: mixed };
        let without = Stage::set(lab, &runtime, Views::Detail, history)?;
        let with = Stage::set(lab, &runtime, self.views, history)?;
        Ok(Box::new(move || {
            let (plain, plain_used) = runtime.block_on(without.fold())?;
            let (took, used) = runtime.block_on(with.fold())?;
            let each = |time| micros_each(time, history.events());
            let rate = |time| per_second(history.events(), time);
            let mut readings = vec![
                Reading::beside(self.time, each(took), each(plain)),
                Reading::beside(&RATE, rate(took), rate(plain)),
            ];
            // The system counts it in hundredths of a second: of a short run it may say nothing.
            if !plain_used.is_zero() && !used.is_zero() {
                readings.push(Reading::beside(&PROCESSOR, each(used), each(plain_used)));
            }
            Ok(readings)
        }))
    }
}

/// A log that is behind a paused read side, so that it is folded batch by batch rather than in bulk.
struct Stage {
    dir: tempfile::TempDir,
    views: Views,
}

impl Stage {
    fn set(
        lab: &Lab,
        runtime: &tokio::runtime::Runtime,
        views: Views,
        history: History,
    ) -> Result<Self, Problem> {
        let dir = lab.dir()?;
        runtime.block_on(async {
            let coop = Coop::start(dir.path(), views).await?;
            coop.running.pause(&Principal::default(), "family_detail").await.map_err(Problem::product)?;
            coop.close().await;
            copy(&dir.path().join("views"), &dir.path().join("paused"))?;
            write_history(dir.path(), history).await
        })?;
        Ok(Self { dir, views })
    }

    /// Folds everything. What it took, and the processor time of it.
    async fn fold(&self) -> Result<(Duration, Duration), Problem> {
        let views = self.dir.path().join("views");
        fs::remove_dir_all(&views)?;
        copy(&self.dir.path().join("paused"), &views)?;
        let coop = Coop::start(self.dir.path(), self.views).await?;
        let (began, used) = (Instant::now(), own_time());
        coop.running.resume(&Principal::default(), "family_detail").await.map_err(Problem::product)?;
        coop.caught_up().await?;
        let took = (began.elapsed(), own_time() - used);
        coop.close().await;
        Ok(took)
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Problem> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}
