use std::sync::mpsc::{Receiver, Sender, channel};

use super::parcel::Parcel;
use crate::projector::slice::Slice;

/// Why a worker ended before its work was done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("{0}")]
    Failed(String),
    /// Another one has ended, and says why.
    #[error("another worker of the rebuild ended")]
    WithAnother,
}

impl From<String> for Ended {
    fn from(problem: String) -> Self {
        Self::Failed(problem)
    }
}

/// What one worker sends another.
enum Message {
    /// Events of a block that concern its rows.
    Events(Parcel),
    /// The keys that the sender folds in the next pass.
    Next(Option<Slice>),
}

/// A worker's lines to all workers, itself included.
///
/// Nobody gets far ahead of the others: whoever has sent two blocks waits for theirs.
pub(super) struct Exchange {
    to: Vec<Sender<Message>>,
    from: Vec<Receiver<Message>>,
}

impl Exchange {
    /// Lines between so many workers.
    pub(super) fn between(workers: usize) -> Vec<Self> {
        let mut all: Vec<Self> = (0..workers).map(|_| Self { to: Vec::new(), from: Vec::new() }).collect();
        for sender in 0..workers {
            for receiver in 0..workers {
                let (to, from) = channel();
                all[sender].to.push(to);
                all[receiver].from.push(from);
            }
        }
        all
    }

    /// Sends each worker its events of a block.
    pub(super) fn send(&self, parcels: Vec<Parcel>) -> Result<(), Ended> {
        for (to, events) in self.to.iter().zip(parcels) {
            to.send(Message::Events(events)).map_err(|_| Ended::WithAnother)?;
        }
        Ok(())
    }

    /// The events of the next block of each worker; in the workers' order, which is that of the log.
    pub(super) fn receive(&self) -> impl Iterator<Item = Result<Parcel, Ended>> {
        self.from.iter().map(|from| match from.recv() {
            Ok(Message::Events(events)) => Ok(events),
            Ok(Message::Next(_)) | Err(_) => Err(Ended::WithAnother),
        })
    }

    /// Tells everybody which keys come next, and learns that of everybody.
    pub(super) fn agree(&self, next: Option<Slice>) -> Result<Vec<Option<Slice>>, Ended> {
        for to in &self.to {
            to.send(Message::Next(next)).map_err(|_| Ended::WithAnother)?;
        }
        let told = self.from.iter().map(|from| match from.recv() {
            Ok(Message::Next(next)) => Ok(next),
            Ok(Message::Events(_)) | Err(_) => Err(Ended::WithAnother),
        });
        told.collect()
    }
}
