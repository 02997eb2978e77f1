use super::{About, Case, Reading, Round};
use crate::coop::{History, Stage, Views, mixed};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::stats::{micros_each, per_second};

static TIME: Line = Line::told("time each", Unit::Micros);
static RATE: Line = Line::told("events", Unit::PerSecond);
static PROCESSOR: Line = Line::told("processor each", Unit::Micros);

/// So many workers fold beside one.
const WORKERS: u16 = 2;

/// Live folding that is shared out by key among workers, beside the same by one.
pub(crate) struct Slices {
    name: &'static str,
    measures: &'static str,
    views: Views,
    families: u64,
    events_each: u64,
}

impl Slices {
    /// Rows that are all in memory, and take longer to write than to fold.
    pub(crate) const DETAIL: Self = Self {
        name: "slices",
        measures: "family_detail folded live from 200,000 events over 20,000 families by 2 workers, beside 1",
        views: Views::Detail,
        families: 20_000,
        events_each: 10,
    };
    /// The same with what one thread does for all of them.
    pub(crate) const ROLLED_UP: Self = Self {
        name: "slices-rollups",
        measures: "the same with a group of 3 rollups changed by each event",
        views: Views::RolledUp,
        ..Self::DETAIL
    };
    /// More rows than are kept in memory: they are read again and again.
    pub(crate) const WIDE: Self = Self {
        name: "slices-wide",
        measures: "family_detail folded live from 400,000 events over 100,000 families by 2 workers, beside 1",
        families: 100_000,
        events_each: 4,
        ..Self::DETAIL
    };
    /// Rows that take longer to fold than to write.
    pub(crate) const COMPUTED: Self = Self {
        name: "slices-computing",
        measures: "a fold that computes for some 20 µs, 200,000 events over 20,000 families, by 2 workers, beside 1",
        views: Views::Computed,
        ..Self::DETAIL
    };
}

impl Case for Slices {
    fn about(&self) -> About {
        About { name: self.name, measures: self.measures }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let history =
            History { families: lab.count(self.families), events_each: self.events_each, then: mixed };
        let stage = Stage::set(lab, &runtime, self.views, history)?;
        Ok(Box::new(move || {
            let (one, one_used) = runtime.block_on(stage.fold(1))?;
            let (took, used) = runtime.block_on(stage.fold(WORKERS))?;
            let each = |time| micros_each(time, history.events());
            let rate = |time| per_second(history.events(), time);
            let mut readings = vec![
                Reading::beside(&TIME, each(took), each(one)),
                Reading::beside(&RATE, rate(took), rate(one)),
            ];
            // The system counts it in hundredths of a second: of a short run it may say nothing.
            if !one_used.is_zero() && !used.is_zero() {
                readings.push(Reading::beside(&PROCESSOR, each(used), each(one_used)));
            }
            Ok(readings)
        }))
    }
}
