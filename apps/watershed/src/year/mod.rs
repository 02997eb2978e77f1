//! The demo: a school year of the co-op, played through its public API as anybody would use it.

mod memory;
mod play;
mod sender;
mod tally;
mod tour;

use std::time::Duration;

use watershed_cli::{Client, Demo, Later, Stage};

use self::memory::Memory;
use self::play::Play;

/// How many families there are where nobody says.
const FAMILIES: u32 = 500;
/// The year that is played, of all that could be.
const SEED: u64 = 7;
/// How long the views may take to come up with the log before the demo goes on without them.
const SETTLING: Duration = Duration::from_secs(30);

/// A made-up school year: enrolments, dues, payments on time and late, worries, and families that leave.
pub(crate) struct SchoolYear;

impl Demo for SchoolYear {
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
    if memory.finished {
        println!("The year of {families} families has been played into this data: nothing is played twice.");
    } else {
        let tally = Play { stage, families, url: &url }.run(&mut memory).await?;
        let lag = tour::settle(&mut client, SETTLING).await?;
        tally.print(families, lag);
    }
    tour::print(&mut client, &url).await
}
