use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::NoTls;
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::{Postgres as Server, Setup};

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, Views, family, risk};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::load::closed_loop;
use crate::mix::mix;
use crate::raw::{RawEvent, STREAMS};
use crate::stats::Load;

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
        let server = Setup::default().setting("shared_buffers=512MB").setting("max_wal_size=4GB").start();
        let mut schema = 0;
        Ok(Box::new(move || {
            schema += 1;
            let mut options = Options::new(server.socket());
            options.schema = format!("log{schema}");
            lab.runtime()?.block_on(async {
                let raw =
                    plain_inserts(&server, &options.schema, self.callers.min(64), lab.time(SECONDS)).await?;
                let log = PostgresLog::open(options).await.map_err(Problem::product)?;
                let dir = lab.dir()?;
                let coop = Coop::on(Arc::new(log), dir.path(), Views::None).await?;
                coop.enroll(STREAMS).await?;
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

/// Connections that insert a row each, transaction by transaction.
async fn plain_inserts(
    server: &Server,
    schema: &str,
    connections: u64,
    time: Duration,
) -> Result<Load, Problem> {
    let sql = format!(
        "CREATE TABLE public.plain_{schema} (position bigserial PRIMARY KEY, id uuid, stream text, payload text, key text, \
         fingerprint bytea)"
    );
    connect(server).await?.batch_execute(&sql).await?;
    let insert = format!(
        "INSERT INTO public.plain_{schema} (id, stream, payload, key, fingerprint) VALUES (gen_random_uuid(), $1, $2, $3, $4)"
    );
    let mut ready = Vec::new();
    for _ in 0..connections {
        let client = connect(server).await?;
        let statement = client.prepare(&insert).await?;
        ready.push((client, statement));
    }
    let ready = std::sync::Mutex::new(ready);
    closed_loop(connections, time, |mut turns| {
        let mine = ready.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        async move {
            let Some((client, statement)) = mine else { return Err(Problem::Stopped("a connection")) };
            while let Some(number) = turns.next() {
                let event = RawEvent::numbered(number, STREAMS);
                let bytes = event.sixteen_bytes();
                let fingerprint = &bytes[..];
                client
                    .execute(&statement, &[&event.stream, &event.payload, &event.key, &fingerprint])
                    .await?;
                turns.done();
            }
            Ok(turns)
        }
    })
    .await
}

async fn connect(server: &Server) -> Result<tokio_postgres::Client, Problem> {
    let (client, driver) = tokio_postgres::connect(&server.socket(), NoTls).await?;
    tokio::spawn(driver);
    Ok(client)
}
