use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use coop::queries::GetFamily;
use watershed::core::Principal;

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, History, Views, family, key, mixed, write_history};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::load::open_loop;
use crate::machine::{forget_peak, peak_mebibytes};
use crate::mix::mix;
use crate::stats::{Histogram, per_second};

static RATE: Line = Line::told("events", Unit::PerSecond).at_least(500_000.0);
static COMMAND: Line = Line::told("command p99", Unit::Millis).at_most(10.0);
static QUERY: Line = Line::told("query p99", Unit::Millis).at_most(1.0);
static MEMORY: Line = Line::told("peak memory", Unit::Mebibytes).at_most(512.0);

const FAMILIES: u64 = 50_000;
const EVENTS_EACH: u64 = 40;
const COMMANDS: u32 = 1_000;
const QUERIES: u32 = 1_000;

/// An edition filled beside the one that serves, under commands and questions; their latencies beside those of the same load
/// without it.
pub(crate) struct Backfill;

impl Case for Backfill {
    fn about(&self) -> About {
        About {
            name: "backfill",
            measures: "family_detail filled anew from 2,000,000 events at 1,000 commands/s and 1,000 questions/s, beside these alone",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let dir = lab.dir()?;
        let history = History { families: lab.count(FAMILIES), events_each: EVENTS_EACH, then: mixed };
        runtime.block_on(write_history(dir.path(), history))?;
        let coop = runtime.block_on(async {
            let coop = Coop::start(dir.path(), Views::Detail).await?;
            coop.caught_up().await.map(|()| coop)
        })?;
        let coop = Arc::new(coop);
        let turn = AtomicU64::new(0);
        Ok(Box::new(move || {
            let _keep = &dir;
            runtime.block_on(async {
                let number = |turn: &AtomicU64| turn.fetch_add(1, Ordering::Relaxed) << 40;
                let (command, query) = load(lab, &coop, history.families, number(&turn)).await?;
                forget_peak();
                let done = Arc::new(AtomicBool::new(false));
                let filling = tokio::spawn(fill(coop.clone(), done.clone()));
                let loaded = load(lab, &coop, history.families, number(&turn)).await;
                done.store(true, Ordering::Relaxed);
                let rate = filling.await.map_err(|_| Problem::Panicked("the filling"))??;
                let (with, asked_with) = loaded?;
                let mut readings = vec![
                    Reading::alone(&RATE, rate),
                    Reading::beside(&COMMAND, with.millis(0.99), command.millis(0.99)),
                    Reading::beside(&QUERY, asked_with.millis(0.99), query.millis(0.99)),
                ];
                readings.extend(peak_mebibytes().map(|peak| Reading::alone(&MEMORY, peak)));
                Ok(readings)
            })
        }))
    }
}

/// Fills editions one after the other, as long as the load lasts; gives the events a second.
async fn fill(coop: Arc<Coop>, done: Arc<AtomicBool>) -> Result<f64, Problem> {
    let (mut events, mut took) = (0, Duration::ZERO);
    while !done.load(Ordering::Relaxed) {
        let began = Instant::now();
        let head = coop.running.head();
        let operator = Principal::default();
        coop.running.rebuild_and_wait(&operator, "family_detail").await.map_err(Problem::product)?;
        events += head;
        took += began.elapsed();
    }
    Ok(per_second(events, took))
}

/// Commands and questions at a steady rate; gives how long each took.
async fn load(
    lab: &Lab,
    coop: &Arc<Coop>,
    families: u64,
    first: u64,
) -> Result<(Histogram, Histogram), Problem> {
    let time = lab.time(10.0);
    let running = coop.running.clone();
    let commands = open_loop(COMMANDS, time, move |number| {
        let running = running.clone();
        let number = first + number;
        async move {
            let command = mixed(family(mix(number) % families), mix(number), number);
            running.send(command).key(key(number)).await.map_err(Problem::product).map(drop)
        }
    });
    let running = coop.running.clone();
    let questions = open_loop(QUERIES, time, move |number| {
        let running = running.clone();
        async move {
            let query = GetFamily { family_id: family(mix(number) % families) };
            let answer = running.ask(query).await.map_err(Problem::product)?;
            answer.value.as_ref().map(drop).ok_or_else(|| Problem::Wrong("a family is missing".into()))
        }
    });
    tokio::try_join!(commands, questions)
}
