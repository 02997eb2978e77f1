//! The demo: a school year of the co-op, four weeks of parcels and a season of the catalog, played through the public API as
//! anybody would use it.

use std::time::Duration;

use watershed_cli::{Client, Demo, Later, Stage};

use crate::memory::Memory;
use crate::{season, tour, weeks, year};

/// How many families there are where nobody says.
const FAMILIES: u32 = 500;
/// How many parcels there are for each family.
const PARCELS: u32 = 2;
/// The year and the weeks that are played, of all that could be.
pub(crate) const SEED: u64 = 7;
/// How long the views may take to come up with the log before the demo goes on without them.
const SETTLING: Duration = Duration::from_secs(30);

/// A made-up school year: enrolments, dues, payments on time and late, worries, and families that leave. Then some made-up
/// weeks of parcels: bookings, and what carriers report of them by the file. Then a season of the catalog, with as many products as
/// there are families.
pub(crate) struct Demonstration;

impl Demo for Demonstration {
    fn play<'a>(&'a self, stage: Stage<'a>) -> Later<'a, Result<(), String>> {
        Box::pin(play(stage))
    }
}

async fn play(stage: Stage<'_>) -> Result<(), String> {
    let mut memory = Memory::of(stage.data)?;
    let families = stage.size.or(memory.families).unwrap_or(FAMILIES);
    if memory.families.is_some_and(|before| before != families) {
        return Err(format!(
            "{} holds the year of {} families: to play {families}, choose another folder with --data",
            stage.data.display(),
            memory.families.unwrap_or_default()
        ));
    }
    memory.families = Some(families);
    let url = format!("http://{}", stage.server);
    let mut client = Client::new(&url).map_err(|error| error.to_string())?;
    if memory.finished && memory.weeks.finished && memory.season.finished {
        println!("The year of {families} families has been played into this data: nothing is played twice.");
    }
    if !memory.finished {
        let tally = year::Play { stage, families, url: &url }.run(&mut memory).await?;
        let lag = tour::settle(&mut client, "coop", SETTLING).await?;
        tally.print(families, lag);
    }
    if !memory.weeks.finished {
        let parcels = families.saturating_mul(PARCELS);
        let tally = weeks::Play { stage, parcels, url: &url }.run(&mut memory).await?;
        let lag = tour::settle(&mut client, "parcel", SETTLING).await?;
        tally.print(parcels, lag);
    }
    if !memory.season.finished {
        let tally = season::Play { stage, products: families, url: &url }.run(&mut memory).await?;
        let lag = tour::settle(&mut client, "catalog", SETTLING).await?;
        tally.print(families, lag);
    }
    tour::print(&mut client, &url).await
}
