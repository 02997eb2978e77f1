use std::sync::Arc;

use watershed_postgres::PostgresLog;

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, Views, family, risk};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::mix::mix;
use crate::pg::{Plain, Server};
use crate::raw::STREAMS;

static RATE_1: Line = Line::told("rate", Unit::PerSecond);
static P50_1: Line = Line::told("p50", Unit::Micros).times_at_most(1.6);
static RATE_64: Line = Line::told("rate", Unit::PerSecond).at_least(50_000.0);
static RATE_256: Line = Line::told("rate", Unit::PerSecond).at_least(80_000.0);
static P50: Line = Line::told("p50", Unit::Micros);
static P99: Line = Line::told("p99", Unit::Millis);

const SECONDS: f64 = 5.0;

/// Commands whose log is on a PostgreSQL server of this machine, beside as many connections that insert a row in a transaction
/// each, with a position from a sequence: neither gapless nor in the order of the commits.
pub(crate) struct Postgres {
    name: &'static str,
    measures: &'static str,
    callers: u64,
    rate: &'static Line,
    p50: &'static Line,
}

impl Postgres {
    /// One caller.
    pub(crate) const ALONE: Self = Self {
        name: "postgres-1",
        measures: "one caller, log on PostgreSQL, beside one connection with an insert a transaction",
        callers: 1,
        rate: &RATE_1,
        p50: &P50_1,
    };
    /// 64 callers over 2,000 families.
    pub(crate) const SIXTY_FOUR: Self = Self {
        name: "postgres-64",
        measures: "64 callers over 2,000 families, log on PostgreSQL, beside 64 connections with an insert a transaction",
        callers: 64,
        rate: &RATE_64,
        p50: &P50,
    };
    /// 256 callers over 2,000 families.
    pub(crate) const MANY: Self = Self {
        name: "postgres-256",
        measures: "256 callers over 2,000 families, log on PostgreSQL, beside 64 connections with an insert a transaction",
        callers: 256,
        rate: &RATE_256,
        p50: &P50,
    };
}

impl Case for Postgres {
    fn about(&self) -> About {
        About { name: self.name, measures: self.measures }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let server = Server::start();
        Ok(Box::new(move || {
            let options = server.options();
            lab.runtime()?.block_on(async {
                let plain = Plain::on(&server).await?;
                let raw = plain.inserts(self.callers.min(64), lab.time(SECONDS)).await?;
                let log = PostgresLog::open(options).await.map_err(Problem::product)?;
                let dir = lab.dir()?;
                let coop = Coop::on(Arc::new(log), dir.path(), Views::None).await?;
                coop.enroll(0..STREAMS).await?;
                let load = coop
                    .load(self.callers, lab.time(SECONDS), |number| {
                        risk(family(mix(number) % STREAMS), number)
                    })
                    .await;
                coop.close().await;
                let load = load?;
                Ok(vec![
                    Reading::beside(self.rate, load.rate(), raw.rate()),
                    Reading::beside(self.p50, load.latency.micros(0.5), raw.latency.micros(0.5)),
                    Reading::beside(&P99, load.latency.millis(0.99), raw.latency.millis(0.99)),
                ])
            })
        }))
    }
}
