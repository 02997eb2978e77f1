use super::{About, Case, Reading, Round};
use crate::coop::{History, Stage, Views, mixed};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
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
            let (plain, plain_used) = runtime.block_on(without.fold(1))?;
            let (took, used) = runtime.block_on(with.fold(1))?;
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
