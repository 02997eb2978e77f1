use super::{About, Case, Reading, Round};
use crate::coop::{Coop, Views, family, risk};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::mix::mix;
use crate::raw::{STREAMS, single_inserts};

static PROCESSOR: Line = Line::told("processor each", Unit::Micros);
static P50: Line = Line::told("p50", Unit::Micros).times_at_most(1.7);
static P99: Line = Line::told("p99", Unit::Micros);
static RATE: Line = Line::told("rate", Unit::PerSecond);

/// One caller: a whole command, beside one durable insert of the same row.
pub(crate) struct CommandAlone;

impl Case for CommandAlone {
    fn about(&self) -> About {
        About { name: "commands-1", measures: "one caller over 2,000 families, beside raw single inserts" }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        Ok(Box::new(|| {
            let raw = single_inserts(lab, STREAMS)?;
            let load = lab.runtime()?.block_on(async {
                let (coop, _dir) = Coop::with_families(lab, Views::None, STREAMS).await?;
                let command = |number| risk(family(mix(number) % STREAMS), number);
                let load = coop.load(1, lab.time(3.0), command).await;
                coop.close().await;
                load
            })?;
            Ok(vec![
                Reading::beside(&P50, load.latency.micros(0.5), raw.latency.micros(0.5)),
                Reading::beside(&P99, load.latency.micros(0.99), raw.latency.micros(0.99)),
                Reading::beside(&RATE, load.rate(), raw.rate()),
                Reading::beside(&PROCESSOR, load.processor, raw.processor),
            ])
        }))
    }
}
