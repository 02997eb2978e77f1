use std::time::Instant;

use watershed::core::Principal;

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, History, Views, mixed, write_turns};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::machine::{forget_peak, peak_mebibytes};
use crate::pg::{Plain, Server};
use crate::stats::per_second;

static BULK: Line = Line::told("rebuilt", Unit::PerSecond).at_least(150_000.0);
static LIVE: Line = Line::told("caught up live", Unit::PerSecond);
static MEMORY: Line = Line::told("peak memory", Unit::Mebibytes).at_most(512.0);

const VIEW: &str = "family_detail";
/// So many turns are caught up with live.
const TURNS: u64 = 2;

/// Rows on PostgreSQL from a log on PostgreSQL: in bulk, beside a plain scan of the log; and batch by batch, beside plain upserts.
pub(crate) struct Rebuild;

impl Case for Rebuild {
    fn about(&self) -> About {
        About {
            name: "postgres-rebuild",
            measures: "family_detail into PostgreSQL from 1,000,000 events over 50,000 families, beside a plain scan; live, beside plain upserts",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let (runtime, server) = (lab.runtime()?, Server::start());
        let history = History { families: lab.count(50_000), events_each: 20, then: mixed };
        let options = server.options();
        let log = options.schema.clone();
        let coop = runtime.block_on(async {
            let coop = Coop::node(options, Views::Detail, "bench").await?;
            write_turns(&**coop.log(), history, 0..history.events_each).await?;
            coop.caught_up().await.map(|()| coop)
        })?;
        let (mut turns, operator) = (history.events_each, Principal::default());
        Ok(Box::new(move || {
            runtime.block_on(async {
                let events = turns * history.families;
                let plain = Plain::on(&server).await?;
                let scanned = plain.scan(&log, events).await?;
                forget_peak();
                let began = Instant::now();
                coop.running.rebuild_and_wait(&operator, VIEW).await.map_err(Problem::product)?;
                let rebuilt = per_second(events, began.elapsed());
                let memory = peak_mebibytes();

                let more = TURNS * history.families;
                let upserted = plain.upserts(more, history.families).await?;
                coop.running.pause(&operator, VIEW).await.map_err(Problem::product)?;
                write_turns(&**coop.log(), history, turns..turns + TURNS).await?;
                turns += TURNS;
                let began = Instant::now();
                coop.running.resume(&operator, VIEW).await.map_err(Problem::product)?;
                coop.caught_up().await?;
                let live = per_second(more, began.elapsed());
                let position = coop.position().await?;
                if position != turns * history.families {
                    return Err(Problem::Wrong(format!(
                        "folded up to {position} of {events} and {more} events"
                    )));
                }
                let mut readings =
                    vec![Reading::beside(&BULK, rebuilt, scanned), Reading::beside(&LIVE, live, upserted)];
                readings.extend(memory.map(|peak| Reading::alone(&MEMORY, peak)));
                Ok(readings)
            })
        }))
    }
}
