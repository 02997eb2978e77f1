use super::{About, Case, Reading, Round};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::raw::{STREAMS, group_commit};

static PROCESSOR: Line = Line::told("processor each", Unit::Micros);
static RATE: Line = Line::told("rate", Unit::PerSecond);
static P50: Line = Line::told("p50", Unit::Millis);
static P99: Line = Line::told("p99", Unit::Millis);

/// Baseline: many callers, one writer that commits what waits, and no index.
pub(crate) struct RawGroup {
    name: &'static str,
    callers: u64,
}

impl RawGroup {
    pub(crate) const SIXTY_FOUR: Self = Self { name: "raw-group-64", callers: 64 };
    pub(crate) const MANY: Self = Self { name: "raw-group-256", callers: 256 };
}

impl Case for RawGroup {
    fn about(&self) -> About {
        About {
            name: self.name,
            measures: "baseline: group commit of the log's rows without any secondary index",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        Ok(Box::new(|| {
            let load = group_commit(lab, self.callers, STREAMS)?;
            Ok(vec![
                Reading::alone(&RATE, load.rate()),
                Reading::alone(&P50, load.latency.millis(0.5)),
                Reading::alone(&P99, load.latency.millis(0.99)),
                Reading::alone(&PROCESSOR, load.processor),
            ])
        }))
    }
}
