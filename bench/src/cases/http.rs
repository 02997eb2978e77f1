use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use watershed::core::variant::write_variant;
use watershed_http::{Options, Server};

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, Views, family, key, risk};
use crate::error::Problem;
use crate::http_client::HttpClient;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::load::closed_loop;
use crate::mix::mix;
use crate::raw::{RawHttp, STREAMS};
use crate::stats::Load;

static QUERIES: Line = Line::told("rate", Unit::PerSecond).at_least(60_000.0);
static QUERIES_P99: Line = Line::told("p99", Unit::Millis).at_most(5.0);
static COMMANDS: Line = Line::told("rate", Unit::PerSecond).at_least(25_000.0);
static PROCESSOR: Line = Line::told("processor each", Unit::Micros);
static P50: Line = Line::told("p50", Unit::Millis);
static P99: Line = Line::told("p99", Unit::Millis);

const CONNECTIONS: u64 = 64;
const SECONDS: f64 = 5.0;

/// Requests over HTTP from 64 connections, client and server on the same cores, beside a server that answers a constant.
pub(crate) struct Http {
    name: &'static str,
    measures: &'static str,
    ask: Ask,
    rate: &'static Line,
    p99: &'static Line,
}

#[derive(Clone, Copy)]
enum Ask {
    Family,
    Command,
}

impl Http {
    /// `get_family` by key.
    pub(crate) const QUERIES: Self = Self {
        name: "http-queries",
        measures: "family_detail by key over HTTP, 64 connections, beside a raw server's constant answer",
        ask: Ask::Family,
        rate: &QUERIES,
        p99: &QUERIES_P99,
    };
    /// Commands.
    pub(crate) const COMMANDS: Self = Self {
        name: "http-commands",
        measures: "commands over HTTP, 64 connections, beside a raw server's constant answer",
        ask: Ask::Command,
        rate: &COMMANDS,
        p99: &P99,
    };
}

impl Case for Http {
    fn about(&self) -> About {
        About { name: self.name, measures: self.measures }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        Ok(Box::new(|| {
            let runtime = lab.runtime()?;
            let raw = raw(lab, &runtime, self.ask)?;
            let load = runtime.block_on(product(lab, self.ask))?;
            Ok(vec![
                Reading::beside(self.rate, load.rate(), raw.rate()),
                Reading::beside(&P50, load.latency.millis(0.5), raw.latency.millis(0.5)),
                Reading::beside(self.p99, load.latency.millis(0.99), raw.latency.millis(0.99)),
                Reading::beside(&PROCESSOR, load.processor, raw.processor),
            ])
        }))
    }
}

fn raw(lab: &Lab, runtime: &Runtime, ask: Ask) -> Result<Load, Problem> {
    let server = runtime.block_on(RawHttp::start())?;
    let load = runtime.block_on(requests(lab, server.address(), ask));
    server.stop();
    load
}

async fn product(lab: &Lab, ask: Ask) -> Result<Load, Problem> {
    let (coop, _dir) = Coop::with_families(lab, Views::Detail, STREAMS).await?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let server = Server::new(vec![coop.running.clone()], Options::default());
    let handle = server.handle();
    let serving = tokio::spawn(server.serve(listener));
    let load = requests(lab, address, ask).await;
    handle.stop();
    serving.await.map_err(|_| Problem::Panicked("the server"))?.map_err(Problem::product)?;
    coop.close().await;
    load
}

async fn requests(lab: &Lab, address: SocketAddr, ask: Ask) -> Result<Load, Problem> {
    closed_loop(CONNECTIONS, lab.time(SECONDS), |mut turns| async move {
        let mut client = HttpClient::connect(address).await.map_err(Problem::product)?;
        let mut body = Vec::new();
        while let Some(number) = turns.next() {
            let id = family(mix(number) % STREAMS);
            let answer = match ask {
                Ask::Family => client.get(&format!("/api/coop/views/family_detail/{id}")).await,
                Ask::Command => {
                    body.clear();
                    write_variant(&risk(id, number), &mut body).map_err(Problem::product)?;
                    client.post("/api/coop/commands/UpdateRiskScore", &key(number), &body).await
                }
            }
            .map_err(Problem::product)?;
            if answer.status != 200 {
                let said = String::from_utf8_lossy(answer.body).into_owned();
                return Err(Problem::Wrong(format!("the server answered {}: {said}", answer.status)));
            }
            turns.done();
        }
        Ok(turns)
    })
    .await
}
