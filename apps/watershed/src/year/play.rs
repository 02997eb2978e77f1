use std::time::Instant;

use coop::year::{Step, Year};
use tokio::task::JoinSet;
use watershed::prelude::{Command, Month};
use watershed_cli::Stage;

use super::sender::Sender;
use super::tally::Tally;
use crate::demo::SEED;
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
        let mut senders = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            // A month that was interrupted is sent again: what had been taken is answered with its receipt.
            senders.push(Sender::new(self.url, progress.clone(), memory.played > 0)?);
        }
        let begun = Instant::now();
        let mut steps = Year::new(self.families, SEED).skip(memory.played).peekable();
        while let Some(month) = steps.peek().map(month_of) {
            progress.set(memory.played as u64, total);
            progress.say(month.to_string());
            let mut shares = vec![Vec::new(); CONNECTIONS];
            while let Some(step) = steps.next_if(|step| month_of(step) == month) {
                memory.played += 1;
                shares[share_of(&step)].push(step);
            }
            senders = send(senders, shares).await?;
            memory.keep()?;
        }
        progress.finish();
        memory.finished = true;
        memory.keep()?;
        let mut tally = Tally { took: begun.elapsed(), connections: CONNECTIONS, ..Tally::default() };
        senders.into_iter().for_each(|sender| tally.add(sender.tally));
        Ok(tally)
    }
}

fn month_of(step: &Step) -> Month {
    step.at.date().month()
}

/// A family's commands go over one connection, so that they keep their order.
fn share_of(step: &Step) -> usize {
    let hash =
        step.command.id().bytes().fold(0_usize, |hash, byte| hash.wrapping_mul(31) + usize::from(byte));
    hash % CONNECTIONS
}

/// Has every sender send its share, and waits for all of them.
async fn send(senders: Vec<Sender>, shares: Vec<Vec<Step>>) -> Result<Vec<Sender>, String> {
    let mut sending = JoinSet::new();
    for (mut sender, share) in senders.into_iter().zip(shares) {
        sending.spawn(async move {
            sender.send_all(share).await?;
            Ok::<_, String>(sender)
        });
    }
    let mut senders = Vec::with_capacity(CONNECTIONS);
    while let Some(sent) = sending.join_next().await {
        senders.push(sent.map_err(|error| error.to_string())??);
    }
    Ok(senders)
}
