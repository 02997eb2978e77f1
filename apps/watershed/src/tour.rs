use std::time::{Duration, Instant};

use parcel::shipment::{Carrier, ServiceClass, ShipmentCommand};
use serde_json::Value;
use watershed::core::ports::{Clock, SystemClock};
use watershed::core::variant::write_variant;
use watershed::prelude::Timestamp;
use watershed_cli::Client;

use crate::patient::post;

/// The parcel of whoever looks on.
const YOURS: &str = "yours";

/// How often the views are asked whether they have come up with the log.
const PAUSE: Duration = Duration::from_millis(2);

/// Waits until the views have come up with the log; answers with how long that took.
pub(crate) async fn settle(
    client: &mut Client,
    context: &str,
    patience: Duration,
) -> Result<Duration, String> {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        let answer = get(client, &format!("/admin/{context}/views")).await?;
        let views = answer["views"].as_array().map_or(&[][..], Vec::as_slice);
        if views.iter().all(|view| view["lag_events"] == 0) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(begun.elapsed())
}

/// Says what there is to see, with a family that is worth looking at and a parcel that is on its way.
pub(crate) async fn print(client: &mut Client, url: &str) -> Result<(), String> {
    let page = get(client, "/api/coop/views/at_risk_families?sort=-risk_score&limit=1").await?;
    let family = page["rows"][0]["family_id"].as_str().unwrap_or("family-00001").to_owned();
    let now = book(client).await?;
    println!(
        "
Ask it something, from another terminal:

  # who may leave, the most urgent first
  curl '{url}/api/coop/queries/list_at_risk_families?min_risk=85'
  # the books, month by month
  curl '{url}/api/coop/queries/payment_analytics?from=2024-09&to=2025-06'
  # one family with everything about it, and how that came about
  curl '{url}/api/coop/views/family_detail/{family}'
  curl '{url}/api/coop/streams/family/{family}'
  # families by name, and how many are in which tier
  curl '{url}/api/coop/queries/search_families?term=garcia'
  curl '{url}/api/coop/queries/families_by_risk_tier'

Watch a family in one terminal, and speak with it in another:

  curl -N '{url}/api/coop/views/at_risk_families/{family}/watch'
  curl '{url}/api/coop/commands/RecordContact' \\
    -H 'Content-Type: application/json' -H 'Idempotency-Key: mine-1' \\
    -d '{{\"family_id\":\"{family}\",\"date\":\"2025-07-31\",\"method\":\"phone\"}}'

A parcel was booked for you. Open its page in a browser, then have the carrier deliver it, or cancel it there:

  {url}/parcel/track/{YOURS}
  curl '{url}/api/parcel/imports/carrier_reports' -H 'Content-Type: application/x-ndjson' \\
    -d '{{\"event_id\":\"mine-1\",\"carrier\":\"ups\",\"tracking_number\":\"{YOURS}\",\"occurred_at\":\"{now}\",\"status\":\"DL\"}}'
  # how parcels fare, by day, hub and service; how many stand how; lines of carriers' files that could not be taken
  curl '{url}/api/parcel/queries/ops_dashboard?from=2024-11-04&to=2024-11-10&origin_hub=Dallas'
  curl '{url}/api/parcel/queries/shipments_by_status'
  cargo run --release -- imports list carrier_reports --context parcel

A catalog: what is in a category, what it can be narrowed down by, and what runs out. Rename the category, and ask again:

  curl '{url}/api/catalog/queries/products_in_category?category_id=tools&max_price=50&in_stock=true&order=cheapest'
  curl '{url}/api/catalog/queries/category_facets'
  curl '{url}/api/catalog/queries/low_stock?at_most=3'
  curl '{url}/api/catalog/commands/RenameCategory' \\
    -H 'Content-Type: application/json' -d '{{\"category_id\":\"tools\",\"name\":\"Everything for the workshop\"}}'

Look behind it:

  cargo run --release -- views       # also: doctor, events --follow, log verify, --help
  {url}/                  # everything that can be asked
  {url}/openapi.json      # the same with schemas
  {url}/metrics

Serving until Ctrl-C."
    );
    Ok(())
}

/// Books a parcel for whoever looks on, unless there is one; answers with a time at which a carrier can report it.
async fn book(client: &mut Client) -> Result<Timestamp, String> {
    let now = SystemClock.now();
    let command = ShipmentCommand::BookShipment {
        shipment_id: YOURS.into(),
        customer_id: "customer-00000".into(),
        carrier: Carrier::Ups,
        service_class: ServiceClass::Express,
        origin_hub: "DFW".into(),
        origin_city: "Austin".into(),
        destination_city: "Your town".into(),
        eta: now.plus(Duration::from_secs(3 * 86_400)),
        booked_at: now,
    };
    let mut body = Vec::with_capacity(256);
    write_variant(&command, &mut body).map_err(|error| error.to_string())?;
    // Where it has been booked, it is refused, which is as good.
    post(client, "/api/parcel/commands/BookShipment", &[], &body).await?;
    Ok(now)
}

async fn get(client: &mut Client, path: &str) -> Result<Value, String> {
    let answer = client.get(path).await.map_err(|error| error.to_string())?;
    answer.json().map_err(|error| error.to_string())
}
