use std::sync::Arc;

use watershed::runtime::Stores;
use watershed_postgres::PostgresLog;

use super::{About, Case, Reading, Round};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::load::commands;
use crate::pg::{Plain, Server, seats, take};

static RATE: Line = Line::told("rate", Unit::PerSecond).at_least(30_000.0);
static P50: Line = Line::told("p50", Unit::Millis);
static P99: Line = Line::told("p99", Unit::Millis);

const SECONDS: f64 = 5.0;

/// Decisions that each rest on what bears two tags, beside one connection that inserts the same rows, 64 a transaction.
pub(crate) struct Tags;

impl Case for Tags {
    fn about(&self) -> About {
        About {
            name: "postgres-tags",
            measures: "64 callers' decisions with two tags and a condition each, log on PostgreSQL, beside plain inserts in batches",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let server = Server::start();
        Ok(Box::new(move || {
            lab.runtime()?.block_on(async {
                let raw = Plain::on(&server).await?.batches(2, lab.time(SECONDS)).await?;
                let log = PostgresLog::open(server.options()).await.map_err(Problem::product)?;
                let dir = lab.dir()?;
                let own = watershed::embedded(dir.path()).map_err(Problem::product)?;
                let stores = Stores { log: Arc::new(log), beside_log: None, tables: None, ..own };
                let running = seats().start(stores).await.map_err(Problem::product)?;
                let load = commands(&running, 64, lab.time(SECONDS), take).await;
                running.close().await;
                let load = load?;
                Ok(vec![
                    Reading::beside(&RATE, load.rate(), raw),
                    Reading::alone(&P50, load.latency.millis(0.5)),
                    Reading::alone(&P99, load.latency.millis(0.99)),
                ])
            })
        }))
    }
}
