use super::{About, Case, Reading, Round};
use crate::coop::{Coop, Views, family, risk};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::mix::mix;
use crate::raw::{STREAMS, group_commit};

/// Commands from many callers, each with an idempotency key, beside a raw group commit with as many callers.
pub(crate) struct Commands {
    name: &'static str,
    measures: &'static str,
    callers: u64,
    families: u64,
    seconds: f64,
    rate: &'static Line,
    p50: &'static Line,
    p99: &'static Line,
}

static RATE_64: Line = Line::told("rate", Unit::PerSecond).times_at_least(0.4).splendid(0.6);
static P99_64: Line = Line::told("p99", Unit::Millis).at_most(3.0);
static RATE_256: Line = Line::told("rate", Unit::PerSecond).at_least(130_000.0);
static RATE_HOT: Line = Line::told("rate", Unit::PerSecond).at_least(50_000.0);
static PROCESSOR: Line = Line::told("processor each", Unit::Micros);
static P50: Line = Line::told("p50", Unit::Millis);
static P99: Line = Line::told("p99", Unit::Millis);

impl Commands {
    /// 64 callers over 2,000 families.
    pub(crate) const SIXTY_FOUR: Self = Self {
        name: "commands-64",
        measures: "64 callers over 2,000 families, beside raw group commit",
        callers: 64,
        families: STREAMS,
        seconds: 5.0,
        rate: &RATE_64,
        p50: &P50,
        p99: &P99_64,
    };
    /// 256 callers over 2,000 families.
    pub(crate) const MANY: Self = Self {
        name: "commands-256",
        measures: "256 callers over 2,000 families, beside raw group commit",
        callers: 256,
        families: STREAMS,
        seconds: 5.0,
        rate: &RATE_256,
        p50: &P50,
        p99: &P99,
    };
    /// 64 callers, all of one family.
    pub(crate) const HOT: Self = Self {
        name: "commands-hot",
        measures: "64 callers on one family, beside raw group commit",
        callers: 64,
        families: 1,
        seconds: 5.0,
        rate: &RATE_HOT,
        p50: &P50,
        p99: &P99,
    };
}

impl Case for Commands {
    fn about(&self) -> About {
        About { name: self.name, measures: self.measures }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        Ok(Box::new(|| {
            let raw = group_commit(lab, self.callers, self.families)?;
            let load = lab.runtime()?.block_on(async {
                let (coop, _dir) = Coop::with_families(lab, Views::None, self.families).await?;
                let families = self.families;
                let load = coop
                    .load(self.callers, lab.time(self.seconds), move |number| {
                        risk(family(mix(number) % families), number)
                    })
                    .await;
                coop.close().await;
                load
            })?;
            Ok(vec![
                Reading::beside(self.rate, load.rate(), raw.rate()),
                Reading::beside(self.p50, load.latency.millis(0.5), raw.latency.millis(0.5)),
                Reading::beside(self.p99, load.latency.millis(0.99), raw.latency.millis(0.99)),
                Reading::beside(&PROCESSOR, load.processor, raw.processor),
            ])
        }))
    }
}
