use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use coop::queries::GetFamily;

use super::lag::measure;
use super::{About, Case, Reading, Round};
use crate::coop::{Coop, Views, family, key, mixed};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::load::open_loop;
use crate::mix::mix;
use crate::pg::{Node, Orders, Part, Plain, Server};
use crate::raw::STREAMS;
use crate::stats::Histogram;

static P99_ONE: Line = Line::told("visible p99", Unit::Millis).at_most(4.0);
static P99_TWO: Line = Line::told("visible p99", Unit::Millis).at_most(15.0);
static P50: Line = Line::told("visible p50", Unit::Millis);
static THERE_P50: Line = Line::told("row there p50", Unit::Millis);
static THERE: Line = Line::told("row there p99", Unit::Millis).at_most(15.0);
static ACK: Line = Line::told("ack p50", Unit::Millis);

const PER_SECOND: u32 = 200;
const SECONDS: f64 = 10.0;
/// The numbers of commands that are sent after others.
const AFTERWARDS: u64 = 1 << 40;
const VIEW: &str = "family_detail";

/// How long after a command's receipt its row can be read, with log and rows on PostgreSQL, beside a plain row that is put and read.
pub(crate) struct Visible {
    name: &'static str,
    measures: &'static str,
    /// Another process keeps the rows.
    is_elsewhere: bool,
    p99: &'static Line,
}

impl Visible {
    /// In one process, for all of the co-op's read models.
    pub(crate) const ONE: Self = Self {
        name: "postgres-visible",
        measures: "from receipt to visible in all read models on PostgreSQL, at 200 commands/s, beside a plain row put and read",
        is_elsewhere: false,
        p99: &P99_ONE,
    };
    /// Where another process keeps the rows.
    pub(crate) const TWO: Self = Self {
        name: "postgres-visible-two-nodes",
        measures: "from receipt to an answer with its token, and to the row itself, where another process keeps the rows, at 200 commands/s",
        is_elsewhere: true,
        p99: &P99_TWO,
    };
}

impl Case for Visible {
    fn about(&self) -> About {
        About { name: self.name, measures: self.measures }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let server = Server::start();
        Ok(Box::new(move || {
            let (runtime, options) = (lab.runtime()?, server.options());
            let dir = lab.dir()?;
            let keeper = Orders {
                server: options.server.clone(),
                schema: options.schema.clone(),
                dir: dir.path().to_owned(),
                name: "keeps".to_owned(),
                part: Part::Keeps,
            };
            let keeper = if self.is_elsewhere { Some(Node::start(&keeper)?) } else { None };
            let views = if self.is_elsewhere { Views::Detail } else { Views::All };
            let (raw, ack, visible, there) = runtime.block_on(async {
                let raw = Plain::on(&server).await?.put_and_read(PER_SECOND, lab.time(SECONDS)).await?;
                let coop = Coop::node(options, views, "sends").await?;
                coop.enroll(0..STREAMS).await?;
                coop.caught_up().await?;
                if coop.keeps(VIEW).await? == self.is_elsewhere {
                    return Err(Problem::Wrong("the rows are not kept where they should be".to_owned()));
                }
                let mut there = None;
                let (ack, visible) = if self.is_elsewhere {
                    let asked = asked(&coop, lab.time(SECONDS)).await?;
                    there = Some(measure(&coop, AFTERWARDS, PER_SECOND, lab.time(SECONDS)).await?.1);
                    asked
                } else {
                    measure(&coop, 0, PER_SECOND, lab.time(SECONDS)).await?
                };
                coop.close().await;
                Ok((raw, ack, visible, there))
            })?;
            drop(keeper);
            let mut readings = vec![
                Reading::alone(&ACK, ack.millis(0.5)),
                Reading::beside(&P50, visible.millis(0.5), raw.millis(0.5)),
                Reading::beside(self.p99, visible.millis(0.99), raw.millis(0.99)),
            ];
            if let Some(there) = there {
                readings.push(Reading::alone(&THERE_P50, there.millis(0.5)));
                readings.push(Reading::alone(&THERE, there.millis(0.99)));
            }
            Ok(readings)
        }))
    }
}

/// Asks for each command's row with the token of its receipt. From when a command is due to its receipt, and from there to the answer.
async fn asked(coop: &Coop, time: Duration) -> Result<(Histogram, Histogram), Problem> {
    let (acks, answers) =
        (Arc::new(Mutex::new(Histogram::default())), Arc::new(Mutex::new(Histogram::default())));
    let (running, taken, answered) = (coop.running.clone(), acks.clone(), answers.clone());
    open_loop(PER_SECOND, time, move |number| {
        let (running, taken, answered) = (running.clone(), taken.clone(), answered.clone());
        let due = Instant::now();
        async move {
            let family_id = family(mix(number) % STREAMS);
            let command = mixed(family_id.clone(), mix(number), number);
            let receipt = running.send(command).key(key(number)).await.map_err(Problem::product)?;
            let acked = Instant::now();
            taken.lock().unwrap_or_else(PoisonError::into_inner).record(acked - due);
            let answer = running.ask(GetFamily { family_id }).after(receipt.token).await;
            let answer = answer.map_err(Problem::product)?;
            if answer.stale || answer.value.is_none() {
                return Err(Problem::Wrong("an answer does not show what its token demands".to_owned()));
            }
            answered.lock().unwrap_or_else(PoisonError::into_inner).record(acked.elapsed());
            Ok(())
        }
    })
    .await?;
    let told =
        |histogram: &Mutex<Histogram>| histogram.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((told(&acks), told(&answers)))
}
