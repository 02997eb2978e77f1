use super::{About, Case, Reading, Round};
use crate::coop::{Coop, History, Views, family, payment, write_history};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::mix::mix;
use crate::stats::Load;

static P50: Line = Line::told("p50", Unit::Micros);
static PROCESSOR: Line = Line::told("processor each", Unit::Micros);

/// Numbers from here on are those of the payments that are measured: their transactions are not the history's.
const MEASURED: u64 = 1 << 40;

/// The upkeep of a rollup inside the log's transactions, where nothing stays in memory from one to the next.
pub(crate) struct RollupsInline;

impl Case for RollupsInline {
    fn about(&self) -> About {
        About {
            name: "rollups-inline",
            measures: "one caller's payments, an inline group with 100,000 different values changed by each, beside none",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let history = History {
            families: lab.count(100_000),
            events_each: 2,
            then: |id, _, number| payment(id, number),
        };
        Ok(Box::new(move || {
            // On a log of its own each time: the payments' keys and transactions are used once.
            let pay = async |views| -> Result<Load, Problem> {
                let dir = lab.dir()?;
                write_history(dir.path(), history).await?;
                let coop = Coop::start(dir.path(), views).await?;
                let command =
                    move |number| payment(family(mix(number) % history.families), MEASURED + number);
                let load = coop.load(1, lab.time(3.0), command).await;
                coop.close().await;
                load
            };
            let plain = runtime.block_on(pay(Views::Paid))?;
            let load = runtime.block_on(pay(Views::PaidByAll))?;
            Ok(vec![
                Reading::beside(&P50, load.latency.micros(0.5), plain.latency.micros(0.5)),
                Reading::beside(&PROCESSOR, load.processor, plain.processor),
            ])
        }))
    }
}
