use std::time::Instant;

use catalog::season::Season;
use watershed_cli::Stage;

use super::sender::Sender;
use super::tally::Tally;
use crate::demo::SEED;
use crate::lanes::Lanes;
use crate::memory::Memory;

/// How many connections send commands at once.
const CONNECTIONS: usize = 16;

/// A season on its way to a server.
pub(crate) struct Play<'a> {
    pub(crate) stage: Stage<'a>,
    pub(crate) products: u32,
    pub(crate) url: &'a str,
}

impl Play<'_> {
    /// Sends the season round by round, each over all connections at once.
    pub(crate) async fn run(self, memory: &mut Memory) -> Result<Tally, String> {
        let total = Season::new(self.products, SEED).map(|round| round.len() as u64).sum();
        let progress = self.stage.progress("playing the season");
        // A round that was interrupted is sent again: what had been taken is answered with its first receipt.
        let is_repeating = memory.season.played > 0;
        let mut lanes = Lanes::open(CONNECTIONS, || Sender::new(self.url, is_repeating))?;
        let (begun, mut done) = (Instant::now(), 0);
        for (place, round) in Season::new(self.products, SEED).enumerate() {
            done += round.len() as u64;
            if place < memory.season.played {
                continue;
            }
            round.into_iter().for_each(|step| lanes.add(step));
            lanes.send().await?;
            progress.set(done, total);
            memory.season.played = place + 1;
            memory.keep()?;
        }
        progress.finish();
        memory.season.finished = true;
        memory.keep()?;
        let mut tally = Tally::default();
        lanes.into_lanes().for_each(|sender| tally.add(sender.tally));
        tally.took = begun.elapsed();
        Ok(tally)
    }
}
