use std::time::{Duration, Instant};

use coop::family::{Family, FamilyEvent};
use watershed::core::Principal;
use watershed::prelude::*;
use watershed::runtime::{LookAt, Running};

use super::{About, Case, Reading, Round};
use crate::coop::{Coop, History, Views, mixed, write_history};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::machine::{forget_peak, own_time, peak_mebibytes, threads_time};
use crate::raw::scan;
use crate::stats::micros_each;

static FAST: Line = Line::told("events", Unit::PerSecond).at_least(600_000.0);
static PROCESSOR: Line = Line::told("processor each", Unit::Micros);
static MEMORY: Line = Line::told("peak memory", Unit::Mebibytes);
static LITTLE: Line = Line::told("processor a second", Unit::Millis).at_most(20.0);

/// Everything held against the log, beside a raw scan of it.
pub(crate) struct Offline;

impl Case for Offline {
    fn about(&self) -> About {
        About {
            name: "reconcile-offline",
            measures: "family_detail of 100,000 families held against 1,000,000 events, beside a raw scan of that log",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let dir = lab.dir()?;
        let history = History { families: lab.count(100_000), events_each: 10, then: mixed };
        runtime.block_on(write_history(dir.path(), history))?;
        let coop = runtime.block_on(async {
            let coop = Coop::start(dir.path(), Views::Detail).await?;
            coop.caught_up().await.map(|()| coop)
        })?;
        Ok(Box::new(move || {
            let raw = scan(&dir.path().join("log.db"), history.events())?;
            forget_peak();
            let used = own_time();
            let report = runtime.block_on(look(&coop.running))?;
            if (report.drift, report.rows, report.events) != (0, history.families, history.events()) {
                return Err(Problem::Wrong(format!(
                    "{} of {} rows differ, after {} events",
                    report.drift, report.rows, report.events
                )));
            }
            let rate = report.events_per_second;
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let rate = Reading::beside(&FAST, rate as f64, raw);
            let used = own_time() - used;
            let mut readings = vec![rate];
            // The system counts it in hundredths of a second: of a short run it may say nothing.
            if !used.is_zero() {
                readings.push(Reading::alone(&PROCESSOR, micros_each(used, history.events())));
            }
            readings.extend(peak_mebibytes().map(|peak| Reading::alone(&MEMORY, peak)));
            Ok(readings)
        }))
    }
}

async fn look(running: &Running) -> Result<watershed::runtime::Report, Problem> {
    let operator = Principal::default();
    running.reconcile(&operator, "family_detail", LookAt::Everything).await.map_err(Problem::product)
}

/// A part of each family, looked at all the time.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "watched", version = 1, on(FamilyEvent))]
#[contract(owner = "the bench", fresh = operational(2s), reconcile = full(1s))]
struct Watched {
    #[key(stream)]
    family_id: String,
    events: i64,
}

impl On<FamilyEvent> for Watched {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<FamilyEvent>) -> Applied {
        let family_id = event.stream.id.to_string();
        row.get_or_put_with(|| Self { family_id, events: 0 }).events += 1;
        Ok(())
    }
}

/// Rows that are looked at in the background without end.
pub(crate) struct Online;

impl Case for Online {
    fn about(&self) -> About {
        About {
            name: "reconcile-online",
            measures: "what looking at 50,000 families in the background takes, all the time; 20 ms of a second are 2% of one core",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let dir = lab.dir()?;
        let history = History { families: lab.count(50_000), events_each: 10, then: mixed };
        runtime.block_on(write_history(dir.path(), history))?;
        let running = runtime.block_on(async {
            let stores = watershed::embedded(dir.path()).map_err(Problem::product)?;
            let context = Context::new("coop").policy(AllowAll).aggregate::<Family>();
            let running =
                context.read_models::<(Watched,)>().start(stores).await.map_err(Problem::product)?;
            running.changed("watched", history.events() - 1).await.map_err(Problem::product)?;
            // The first look comes a second after the start.
            tokio::time::sleep(Duration::from_secs(2)).await;
            Ok::<_, Problem>(running)
        })?;
        let time = lab.time(20.0);
        Ok(Box::new(move || {
            let _folder = &dir;
            let untold = || Problem::Wrong("the system does not say what its threads use".to_owned());
            let (used, began) = (threads_time().ok_or_else(untold)?, Instant::now());
            std::thread::sleep(time);
            let used = threads_time().ok_or_else(untold)?.saturating_sub(used);
            let drift = runtime.block_on(async { running.drift(&Principal::default(), Some("watched")) });
            let drift = drift.map_err(Problem::product)?;
            if drift.iter().any(|view| view.drift > 0) {
                return Err(Problem::Wrong(format!("{drift:?}")));
            }
            Ok(vec![Reading::alone(&LITTLE, used.as_secs_f64() * 1e3 / began.elapsed().as_secs_f64())])
        }))
    }
}
