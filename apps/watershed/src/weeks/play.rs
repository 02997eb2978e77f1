use std::time::Instant;

use parcel::traffic::{Sent, Step, Traffic};
use tokio::task::JoinSet;
use watershed::prelude::Command;
use watershed_cli::Stage;

use super::files::Files;
use super::sender::Sender;
use super::tally::Tally;
use crate::demo::SEED;
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
        let mut senders = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            senders.push(Sender::new(self.url, is_repeating)?);
        }
        let mut files = Files::new(self.url, is_repeating)?;
        let (begun, mut done) = (Instant::now(), 0);
        for (place, post) in Traffic::new(self.parcels, SEED).posts().enumerate() {
            done += (post.commands.len() + post.reports.len()) as u64;
            if place < memory.weeks.played {
                continue;
            }
            progress.say(post.day.to_string());
            let mut shares = vec![Vec::new(); CONNECTIONS];
            for step in post.commands {
                shares[share_of(&step)].push(step);
            }
            senders = send(senders, shares).await?;
            files.send(place, post.day, post.reports).await?;
            progress.set(done, total);
            memory.weeks.played = place + 1;
            memory.keep()?;
        }
        progress.finish();
        memory.weeks.finished = true;
        memory.keep()?;
        let mut tally = files.tally;
        senders.into_iter().for_each(|sender| tally.add(sender.tally));
        tally.took = begun.elapsed();
        Ok(tally)
    }
}

/// What is sent to one thing goes over one connection, so that it keeps its order.
fn share_of(step: &Step) -> usize {
    let id = match &step.command {
        Sent::Hub(command) => command.id(),
        Sent::Shipment(command) => command.id(),
    };
    id.bytes().fold(0_usize, |hash, byte| hash.wrapping_mul(31) + usize::from(byte)) % CONNECTIONS
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
