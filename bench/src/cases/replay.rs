use std::time::Instant;

use coop::queries::GetFamily;
use watershed::core::{Principal, StreamId};
use watershed::runtime::StateAt;

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, History, Views, family, halves, write_history};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::stats::Histogram;

static REPLAY: Line = Line::told("replay p50", Unit::Micros);

/// The seed's own comparison: what is known of a family with 10,000 events, by replay and from the read model.
pub(crate) struct Replay;

impl Case for Replay {
    fn about(&self) -> About {
        About {
            name: "replay",
            measures: "a family with 10,000 events replayed, beside the same family asked of its read model",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let dir = lab.dir()?;
        let history = History { families: 1, events_each: lab.count(10_000), then: halves };
        runtime.block_on(write_history(dir.path(), history))?;
        let coop = runtime.block_on(async {
            let coop = Coop::start(dir.path(), Views::Detail).await?;
            coop.caught_up().await.map(|()| coop)
        })?;
        Ok(Box::new(move || {
            let _keep = &dir;
            runtime.block_on(measure(&coop))
        }))
    }
}

async fn measure(coop: &Coop) -> Result<Vec<Reading>, Problem> {
    let (mut replay, mut asked_row) = (Histogram::default(), Histogram::default());
    let (principal, stream) = (Principal::default(), StreamId::new("family", family(0)));
    for _ in 0..50 {
        let asked = Instant::now();
        let at = StateAt::Version(u64::MAX);
        coop.running.state_json(&principal, &stream, at).await.map_err(Problem::product)?;
        replay.record(asked.elapsed());

        let asked = Instant::now();
        let query = GetFamily { family_id: family(0) };
        let answer = coop.running.ask(query).await.map_err(Problem::product)?;
        asked_row.record(asked.elapsed());
        if answer.value.is_none() {
            return Err(Problem::Wrong("the read model does not know the family".into()));
        }
    }
    Ok(vec![Reading::beside(&REPLAY, replay.micros(0.5), asked_row.micros(0.5))])
}
