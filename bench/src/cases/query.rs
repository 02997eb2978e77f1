use std::time::Instant;

use coop::queries::GetFamily;

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, Views, family};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::machine::own_time;
use crate::mix::mix;
use crate::raw::{STREAMS, lookups};
use crate::stats::{Histogram, Load, micros_each};

static PROCESSOR: Line = Line::told("processor each", Unit::Micros);
static P50: Line = Line::told("p50", Unit::Micros).at_most(5.0);
static P99: Line = Line::told("p99", Unit::Micros);
static RATE: Line = Line::told("rate", Unit::PerSecond);

/// One row by its key, asked in the same process.
pub(crate) struct Query;

impl Case for Query {
    fn about(&self) -> About {
        About { name: "query", measures: "get_family by key, one task, beside a raw lookup by primary key" }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let (coop, dir) = runtime.block_on(Coop::with_families(lab, Views::Detail, STREAMS))?;
        Ok(Box::new(move || {
            let _keep = &dir;
            let raw = lookups(lab, STREAMS)?;
            let load = runtime.block_on(ask(lab, &coop))?;
            Ok(vec![
                Reading::beside(&P50, load.latency.micros(0.5), raw.latency.micros(0.5)),
                Reading::beside(&P99, load.latency.micros(0.99), raw.latency.micros(0.99)),
                Reading::beside(&RATE, load.rate(), raw.rate()),
                Reading::beside(&PROCESSOR, load.processor, raw.processor),
            ])
        }))
    }
}

async fn ask(lab: &Lab, coop: &Coop) -> Result<Load, Problem> {
    let mut latency = Histogram::default();
    let used = own_time();
    let (began, time) = (Instant::now(), lab.time(2.0));
    let mut number = 0;
    while began.elapsed() < time {
        number += 1;
        let query = GetFamily { family_id: family(mix(number) % STREAMS) };
        let asked = Instant::now();
        let answer = coop.running.ask(query).await.map_err(Problem::product)?;
        latency.record(asked.elapsed());
        if answer.value.is_none() || answer.stale {
            return Err(Problem::Wrong("the answer is empty or stale".into()));
        }
    }
    let processor = micros_each(own_time() - used, latency.count());
    Ok(Load { latency, took: began.elapsed(), processor })
}
