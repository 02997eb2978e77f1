use std::sync::Arc;
use std::time::Duration;

use watershed_postgres::PostgresLog;

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, Views, family, risk};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::mix::mix;
use crate::pg::{Plain, Server};
use crate::raw::STREAMS;

static RATE: Line = Line::told("rate", Unit::PerSecond);
static P50: Line = Line::told("p50", Unit::Millis);
static P99: Line = Line::told("p99", Unit::Millis);
static ALONE: Line = Line::told("one connection alone, p50", Unit::Millis);
static BESIDE: Line = Line::told("rate while 64 callers send commands", Unit::PerSecond);
static COMMANDS: Line = Line::told("commands meanwhile, beside without", Unit::PerSecond);

const SECONDS: f64 = 5.0;
/// As many stand in one line: it takes a while until the first has come through a second time.
const SHORT: Duration = Duration::from_millis(800);

/// Transactions of a user's own that change a row and append an event, beside as many that insert the event into a plain table.
pub(crate) struct Own;

impl Case for Own {
    fn about(&self) -> About {
        About {
            name: "postgres-own",
            measures: "64 connections whose own transactions change a row and append an event, beside 64 that insert it into a plain table",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let server = Server::start();
        Ok(Box::new(move || {
            lab.runtime()?.block_on(async {
                let plain = Plain::on(&server).await?;
                let time = lab.time(SECONDS).max(SHORT);
                let (raw, raw_alone) = (plain.outbox(64, time).await?, plain.outbox(1, time).await?);
                let log = PostgresLog::open(server.options()).await.map_err(Problem::product)?;
                let log = Arc::new(log);
                let dir = lab.dir()?;
                let coop = Coop::on(log.clone(), dir.path(), Views::None).await?;
                coop.enroll(0..STREAMS).await?;
                let own = plain.appends(&log, &coop.running, 0, 64, time).await?;
                let alone = plain.appends(&log, &coop.running, 1 << 40, 1, time).await?;
                let command = |number: u64| risk(family(mix(number) % STREAMS), number);
                let commands = coop.load(64, time, command).await?;
                let (beside, with) = tokio::join!(
                    plain.appends(&log, &coop.running, 2 << 40, 64, time),
                    coop.load_from(1 << 40, 64, time, command)
                );
                let (beside, with) = (beside?, with?);
                coop.close().await;
                Ok(vec![
                    Reading::beside(&RATE, own.rate(), raw.rate()),
                    Reading::beside(&P50, own.latency.millis(0.5), raw.latency.millis(0.5)),
                    Reading::beside(&P99, own.latency.millis(0.99), raw.latency.millis(0.99)),
                    Reading::beside(&ALONE, alone.latency.millis(0.5), raw_alone.latency.millis(0.5)),
                    Reading::alone(&BESIDE, beside.rate()),
                    Reading::beside(&COMMANDS, with.rate(), commands.rate()),
                ])
            })
        }))
    }
}
