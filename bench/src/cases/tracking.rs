use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parcel::queries::TrackShipment;
use parcel::shipment::{Carrier, CarrierStatus, ServiceClass, ShipmentCommand};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use watershed::core::{AllowAll, Timestamp};
use watershed::runtime::Running;

use super::{About, Case, Reading, Round};
use crate::coop::key;
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::load::open_loop;
use crate::mix::mix;
use crate::stats::Histogram;

static P50: Line = Line::told("p50", Unit::Micros).at_most(8.0);
static P99: Line = Line::told("p99", Unit::Micros);
static APPLIED: Line = Line::told("scans applied", Unit::PerSecond);

const SCANS: u32 = 5_000;
const SHIPMENTS: u64 = 10_000;
/// Whoever asks without a pause lets others have the thread this often.
const ASKED_AT_ONCE: u64 = 64;
/// Numbers from here on are those of bookings.
const BOOKINGS: u64 = 1 << 60;

/// What a customer is told of a shipment, asked in the same process while carriers' scans are applied.
pub(crate) struct Tracking;

impl Case for Tracking {
    fn about(&self) -> About {
        About {
            name: "tracking",
            measures: "customer_tracking_view by key, one task, while 5,000 scans/s are applied, beside the same without any",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        let (running, dir) = runtime.block_on(booked(lab))?;
        let system = System { running, runtime, _dir: dir };
        let mut next = 0;
        Ok(Box::new(move || {
            let System { running, runtime, .. } = &system;
            let still = async { tokio::time::sleep(lab.time(3.0)).await };
            let still = runtime.block_on(asked_during(running, still))?.0;
            let before = (Instant::now(), running.head());
            let (first, scanning) = (next, running.clone());
            let scans =
                open_loop(SCANS, lab.time(10.0), move |number| scan(scanning.clone(), first + number));
            let (busy, scanned) = runtime.block_on(asked_during(running, scans))?;
            next += scanned?.count();
            let token = running.token();
            let applied = running.changed("customer_tracking_view", token.position - 1);
            runtime.block_on(applied).map_err(Problem::product)?;
            let took = before.0.elapsed().as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let applied = (token.position - before.1) as f64 / took;
            Ok(vec![
                Reading::beside(&P50, busy.micros(0.5), still.micros(0.5)),
                Reading::beside(&P99, busy.micros(0.99), still.micros(0.99)),
                Reading::alone(&APPLIED, applied),
            ])
        }))
    }
}

/// A running parcel system. Its projectors end before the runtime that they wait on.
struct System {
    running: Running,
    runtime: Runtime,
    _dir: TempDir,
}

fn shipment(number: u64) -> String {
    format!("shp-{number:07}")
}

/// 2025-01-06: a Monday.
fn monday() -> Timestamp {
    Timestamp::from_micros(1_736_121_600_000_000)
}

/// The parcel system with shipments, and its folder.
async fn booked(lab: &Lab) -> Result<(Running, TempDir), Problem> {
    let dir = lab.dir()?;
    let stores = watershed::embedded(dir.path()).map_err(Problem::product)?;
    let running = parcel::context().policy(AllowAll).start(stores).await.map_err(Problem::product)?;
    let mut tasks = JoinSet::new();
    for number in 0..SHIPMENTS {
        let running = running.clone();
        let booking = ShipmentCommand::BookShipment {
            shipment_id: shipment(number),
            customer_id: format!("cus-{:05}", number / 4),
            carrier: Carrier::Fedex,
            service_class: ServiceClass::Ground,
            origin_hub: "MEM".to_owned(),
            origin_city: "Memphis".to_owned(),
            destination_city: "Denver".to_owned(),
            eta: Timestamp::from_micros(monday().as_micros() + 5 * 86_400_000_000),
            booked_at: monday(),
        };
        tasks.spawn(async move {
            running.send(booking).key(key(BOOKINGS + number)).await.map_err(Problem::product)
        });
        if tasks.len() >= 256
            && let Some(done) = tasks.join_next().await
        {
            done.map_err(|_| Problem::Panicked("a booking"))??;
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.map_err(|_| Problem::Panicked("a booking"))??;
    }
    let booked = running.changed("customer_tracking_view", running.head() - 1);
    booked.await.map_err(Problem::product)?;
    Ok((running, dir))
}

async fn scan(running: Running, number: u64) -> Result<(), Problem> {
    let minutes = i64::try_from(number % (4 * 1_440)).unwrap_or(0);
    let scan = ShipmentCommand::RecordScan {
        shipment_id: shipment(mix(number) % SHIPMENTS),
        carrier_event_id: format!("fedex-{number:012}"),
        unified_status: CarrierStatus::InTransit,
        occurred_at: Timestamp::from_micros(monday().as_micros() + minutes * 60_000_000),
        city: Some("Oklahoma City".to_owned()),
        hub: None,
        note: None,
    };
    running.send(scan).key(key(number)).await.map_err(Problem::product).map(drop)
}

/// Asks without a pause, for as long as something else takes; how long each answer took, and what else came of it.
async fn asked_during<T: Send + 'static>(
    running: &Running,
    work: impl Future<Output = T>,
) -> Result<(Histogram, T), Problem> {
    let done = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn(ask(running.clone(), done.clone()));
    let outcome = work.await;
    done.store(true, Ordering::Relaxed);
    let latency = asking.await.map_err(|_| Problem::Panicked("whoever asks"))??;
    Ok((latency, outcome))
}

async fn ask(running: Running, done: Arc<AtomicBool>) -> Result<Histogram, Problem> {
    let mut latency = Histogram::default();
    let mut number = 0;
    while !done.load(Ordering::Relaxed) {
        number += 1;
        if number % ASKED_AT_ONCE == 0 {
            tokio::task::yield_now().await;
        }
        let query = TrackShipment { shipment_id: shipment(mix(number) % SHIPMENTS) };
        let asked = Instant::now();
        let answer = running.ask(query).await.map_err(Problem::product)?;
        latency.record(asked.elapsed());
        if answer.value.is_none() {
            return Err(Problem::Wrong("a shipment is missing".into()));
        }
    }
    Ok(latency)
}
