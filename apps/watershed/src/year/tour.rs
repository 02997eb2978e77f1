use std::time::{Duration, Instant};

use serde_json::Value;
use watershed_cli::Client;

/// How often the views are asked whether they have come up with the log.
const PAUSE: Duration = Duration::from_millis(2);

/// Waits until the views have come up with the log; answers with how long that took.
pub(super) async fn settle(client: &mut Client, patience: Duration) -> Result<Duration, String> {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        let answer = get(client, "/admin/coop/views").await?;
        let views = answer["views"].as_array().map_or(&[][..], Vec::as_slice);
        if views.iter().all(|view| view["lag_events"] == 0) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(begun.elapsed())
}

/// Says what there is to see, with a family that is worth looking at.
pub(super) async fn print(client: &mut Client, url: &str) -> Result<(), String> {
    let page = get(client, "/api/coop/views/at_risk_families?sort=-risk_score&limit=1").await?;
    let family = page["rows"][0]["family_id"].as_str().unwrap_or("family-00001").to_owned();
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

Look behind it:

  cargo run --release -- views       # also: doctor, events --follow, log verify, --help
  {url}/                  # everything that can be asked
  {url}/openapi.json      # the same with schemas
  {url}/metrics

Serving until Ctrl-C."
    );
    Ok(())
}

async fn get(client: &mut Client, path: &str) -> Result<Value, String> {
    let answer = client.get(path).await.map_err(|error| error.to_string())?;
    answer.json().map_err(|error| error.to_string())
}
