use std::time::Instant;

use parcel::traffic::Traffic;
use watershed_cli::Stage;

use super::files::Files;
use super::sender::Sender;
use super::tally::Tally;
use crate::demo::SEED;
use crate::lanes::Lanes;
use crate::memory::Memory;

/// How many connections send commands at once.
const CONNECTIONS: usize = 16;

/// Some weeks on their way to a server.
pub(crate) struct Play<'a> {
    pub(crate) stage: Stage<'a>,
    pub(crate) parcels: u32,
    pub(crate) url: &'a str,
}

impl Play<'_> {
    /// Sends the weeks post by post: first what customers send, over all connections at once, then what carriers report, as
    /// one file.
    pub(crate) async fn run(self, memory: &mut Memory) -> Result<Tally, String> {
        let total = Traffic::new(self.parcels, SEED).count() as u64;
        let progress = self.stage.progress("playing the weeks");
        // A post that was interrupted is sent again: what had been taken is told as taken before.
        let is_repeating = memory.weeks.played > 0;
        let mut lanes = Lanes::open(CONNECTIONS, || Sender::new(self.url, is_repeating))?;
        let mut files = Files::new(self.url, is_repeating)?;
        let (begun, mut done) = (Instant::now(), 0);
        for (place, post) in Traffic::new(self.parcels, SEED).posts().enumerate() {
            done += (post.commands.len() + post.reports.len()) as u64;
            if place < memory.weeks.played {
                continue;
            }
            progress.say(post.day.to_string());
            post.commands.into_iter().for_each(|step| lanes.add(step));
            lanes.send().await?;
            files.send(place, post.day, post.reports).await?;
            progress.set(done, total);
            memory.weeks.played = place + 1;
            memory.keep()?;
        }
        progress.finish();
        memory.weeks.finished = true;
        memory.keep()?;
        let mut tally = files.tally;
        lanes.into_lanes().for_each(|sender| tally.add(sender.tally));
        tally.took = begun.elapsed();
        Ok(tally)
    }
}
