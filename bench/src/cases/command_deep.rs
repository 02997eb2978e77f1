use std::time::Instant;

use tempfile::TempDir;
use watershed::core::{Principal, StreamId};
use watershed::runtime::StateAt;

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, History, Views, enroll, family, halves, key, write_history};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::stats::Histogram;

static COMMAND: Line = Line::told("command p50", Unit::Micros).times_at_most(1.1);
static COLD: Line = Line::told("cold load", Unit::Micros).at_most(10_000.0);
static SNAPSHOT: Line = Line::told("cold, snapshot", Unit::Micros).at_most(200.0);

/// So many families have a long past: each is loaded cold once in a round.
const DEEP: u64 = 20;
/// So many of a long past's events come as commands, so that the last snapshot is taken as it would be.
const AS_COMMANDS: u64 = 20;
/// Numbers of commands that lengthen the past.
const PAST: u64 = 1 << 59;

/// A family with 10,000 events, half of them payments: a command on it, beside one on a fresh family; and loading it.
pub(crate) struct CommandDeep;

impl Case for CommandDeep {
    fn about(&self) -> About {
        About {
            name: "commands-deep",
            measures: "a command on a family with 10,000 events, beside one on a fresh family; loading the former",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let past = lab.count(10_000).max(2 * AS_COMMANDS);
        let dir = lab.dir()?;
        runtime.block_on(lengthen(&dir, past))?;
        let mut round = 0;
        Ok(Box::new(move || {
            round += 1;
            runtime.block_on(measure(lab, &dir, past, round))
        }))
    }
}

/// Gives the families their past, the end of it through commands.
async fn lengthen(dir: &TempDir, past: u64) -> Result<(), Problem> {
    let history = History { families: DEEP, events_each: past - AS_COMMANDS, then: halves };
    write_history(dir.path(), history).await?;
    let coop = Coop::start(dir.path(), Views::None).await?;
    for turn in 0..AS_COMMANDS {
        for number in 0..DEEP {
            let unique = PAST + turn * DEEP + number;
            let command = halves(family(number), turn, unique);
            coop.running.send(command).key(key(unique)).await.map_err(Problem::product)?;
        }
    }
    coop.close().await;
    Ok(())
}

async fn measure(lab: &Lab, dir: &TempDir, past: u64, round: u64) -> Result<Vec<Reading>, Problem> {
    // Opened anew: no family is in memory.
    let coop = Coop::start(dir.path(), Views::None).await?;
    let cold = load_each(&coop, StateAt::Version(u64::MAX), past).await?;
    let with_snapshot = load_each(&coop, StateAt::Latest, past).await?;

    let unique = (round << 40) + (1 << 39);
    let fresh = format!("fresh-{round}");
    coop.running.send(enroll(fresh.clone())).key(key(unique)).await.map_err(Problem::product)?;
    let (mut on_deep, mut on_fresh) = (Histogram::default(), Histogram::default());
    let end = Instant::now() + lab.time(4.0);
    let mut turn = 0;
    while Instant::now() < end {
        turn += 1;
        // One after the other, so that whatever disturbs the one disturbs the other.
        for (id, latency) in [(family(0), &mut on_deep), (fresh.clone(), &mut on_fresh)] {
            let number = unique + 2 * turn + u64::from(id == fresh);
            let (command, key) = (halves(id, turn, number), key(number));
            let asked = Instant::now();
            coop.running.send(command).key(key).await.map_err(Problem::product)?;
            latency.record(asked.elapsed());
        }
    }
    coop.close().await;
    Ok(vec![
        Reading::beside(&COMMAND, on_deep.micros(0.5), on_fresh.micros(0.5)),
        Reading::alone(&COLD, cold.micros(0.5)),
        Reading::alone(&SNAPSHOT, with_snapshot.micros(0.5)),
    ])
}

/// How long it takes to load each family with a long past.
async fn load_each(coop: &Coop, at: StateAt, past: u64) -> Result<Histogram, Problem> {
    let principal = Principal::default();
    let mut latency = Histogram::default();
    for number in 0..DEEP {
        let stream = StreamId::new("family", family(number));
        let asked = Instant::now();
        let (version, _) =
            coop.running.state_json(&principal, &stream, at).await.map_err(Problem::product)?;
        latency.record(asked.elapsed());
        if version < past {
            return Err(Problem::Wrong(format!("{stream} has {version} events, not {past}")));
        }
    }
    Ok(latency)
}
