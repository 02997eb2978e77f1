use super::{About, Case, Reading, Round};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::raw::{STREAMS, single_inserts};

static P50: Line = Line::told("p50", Unit::Micros);
static P99: Line = Line::told("p99", Unit::Micros);
static PROCESSOR: Line = Line::told("processor each", Unit::Micros);
static RATE: Line = Line::told("rate", Unit::PerSecond);

/// Baseline: one thread, one durable insert after the other.
pub(crate) struct RawSingle;

impl Case for RawSingle {
    fn about(&self) -> About {
        About {
            name: "raw-single",
            measures: "baseline: one thread inserting the log's rows, one transaction each",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        Ok(Box::new(|| {
            let load = single_inserts(lab, STREAMS)?;
            Ok(vec![
                Reading::alone(&P50, load.latency.micros(0.5)),
                Reading::alone(&P99, load.latency.micros(0.99)),
                Reading::alone(&RATE, load.rate()),
                Reading::alone(&PROCESSOR, load.processor),
            ])
        }))
    }
}
