use std::sync::Arc;

use watershed::runtime::Stores;
use watershed_postgres::PostgresLog;

use super::{About, Case, Reading, Round};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::load::commands;
use crate::mix::mix;
use crate::pg::{AccountCommand, Plain, Server, account, accounts};
use crate::raw::{RawEvent, STREAMS};

static RATE: Line = Line::told("rate", Unit::PerSecond);
static P50: Line = Line::told("p50", Unit::Millis);
static P99: Line = Line::told("p99", Unit::Millis);

const SECONDS: f64 = 5.0;

/// Commands of aggregates whose state stands in a table, beside as many connections that change a row and insert an event in a
/// transaction each.
pub(crate) struct Saves;

impl Case for Saves {
    fn about(&self) -> About {
        About {
            name: "postgres-saves",
            measures: "64 callers over 2,000 accounts whose state is in a table, beside 64 connections with an update and an insert a transaction",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let server = Server::start();
        Ok(Box::new(move || {
            lab.runtime()?.block_on(async {
                let raw = Plain::on(&server).await?.saves(64, lab.time(SECONDS)).await?;
                let log = PostgresLog::open(server.options()).await.map_err(Problem::product)?;
                let dir = lab.dir()?;
                let own = watershed::embedded(dir.path()).map_err(Problem::product)?;
                let tables = Some(log.tables() as Arc<_>);
                let stores = Stores { log: Arc::new(log), beside_log: None, tables, ..own };
                let running = accounts().start(stores).await.map_err(Problem::product)?;
                let pay_in = |number: u64| AccountCommand::PayIn {
                    account_id: account(mix(number) % STREAMS),
                    cents: 1,
                    remark: RawEvent::numbered(number, STREAMS).payload,
                };
                let load = commands(&running, 64, lab.time(SECONDS), pay_in).await;
                running.close().await;
                let load = load?;
                Ok(vec![
                    Reading::beside(&RATE, load.rate(), raw.rate()),
                    Reading::beside(&P50, load.latency.millis(0.5), raw.latency.millis(0.5)),
                    Reading::beside(&P99, load.latency.millis(0.99), raw.latency.millis(0.99)),
                ])
            })
        }))
    }
}
