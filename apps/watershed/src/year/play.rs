use std::time::Instant;

use coop::year::{Step, Year};
use watershed::prelude::Month;
use watershed_cli::Stage;

use super::sender::Sender;
use super::tally::Tally;
use crate::demo::SEED;
use crate::lanes::Lanes;
use crate::memory::Memory;

/// How many connections send at once.
const CONNECTIONS: usize = 32;

/// A year on its way to a server.
pub(crate) struct Play<'a> {
    pub(crate) stage: Stage<'a>,
    pub(crate) families: u32,
    pub(crate) url: &'a str,
}

impl Play<'_> {
    /// Sends the year month by month. A month's commands go out over all connections at once, each family's in their order.
    pub(crate) async fn run(self, memory: &mut Memory) -> Result<Tally, String> {
        let total = Year::new(self.families, SEED).count() as u64;
        let progress = self.stage.progress("playing the year");
        // A month that was interrupted is sent again: what had been taken is answered with its receipt.
        let is_repeating = memory.played > 0;
        let mut lanes = Lanes::open(CONNECTIONS, || Sender::new(self.url, progress.clone(), is_repeating))?;
        let begun = Instant::now();
        let mut steps = Year::new(self.families, SEED).skip(memory.played).peekable();
        while let Some(month) = steps.peek().map(month_of) {
            progress.set(memory.played as u64, total);
            progress.say(month.to_string());
            while let Some(step) = steps.next_if(|step| month_of(step) == month) {
                memory.played += 1;
                lanes.add(step);
            }
            lanes.send().await?;
            memory.keep()?;
        }
        progress.finish();
        memory.finished = true;
        memory.keep()?;
        let mut tally = Tally { took: begun.elapsed(), connections: CONNECTIONS, ..Tally::default() };
        lanes.into_lanes().for_each(|sender| tally.add(sender.tally));
        Ok(tally)
    }
}

fn month_of(step: &Step) -> Month {
    step.at.date().month()
}
