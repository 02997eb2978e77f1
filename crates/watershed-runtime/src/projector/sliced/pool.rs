use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use super::part::{Folded, Ground, Part};
use crate::projector::stuck::on_same_terms;
use crate::projector::trouble::Trouble;

/// The workers of a group: its own thread, and threads that wait for their parts of a span.
pub(crate) struct Pool {
    ground: Ground,
    others: Vec<Worker>,
}

/// A thread that folds the parts that it is given, until it is given none any more.
struct Worker {
    parts: Sender<Part>,
    folded: Receiver<Result<Folded, Trouble>>,
    thread: JoinHandle<()>,
}

impl Pool {
    /// Starts so many workers in all. There are fewer where the system gives no more threads.
    pub(super) fn start(ground: Ground, workers: u16) -> Self {
        let mut others = Vec::new();
        for number in 2..=workers {
            match Worker::start(number, ground.clone()) {
                Ok(worker) => others.push(worker),
                Err(error) => {
                    tracing::error!(group = ground.group, %error, workers, started = number - 1, "too few threads");
                    break;
                }
            }
        }
        Self { ground, others }
    }

    /// How many workers there are, the group's own thread among them.
    pub(super) fn workers(&self) -> u16 {
        u16::try_from(self.others.len() + 1).unwrap_or(u16::MAX)
    }

    /// Has the parts folded, the first on this thread; answers in their order, once all are done. There are as many parts as
    /// workers.
    pub(super) fn fold(&self, parts: Vec<Part>) -> Result<Vec<Folded>, Trouble> {
        let mut parts = parts.into_iter();
        let Some(own) = parts.next() else { return Ok(Vec::new()) };
        let given: Vec<bool> =
            self.others.iter().zip(parts).map(|(worker, part)| worker.parts.send(part).is_ok()).collect();
        let mut folded = vec![own.fold(&self.ground)];
        // Whatever came of the first: nobody is left behind with a part of a span that has been given up.
        folded.extend(self.others.iter().zip(given).map(|(worker, given)| worker.take(given)));
        folded.into_iter().collect()
    }
}

impl Worker {
    fn start(number: u16, ground: Ground) -> std::io::Result<Self> {
        let (parts, to_fold) = channel::<Part>();
        let (done, folded) = channel();
        // Systems cut long names off, at 15 letters on Linux.
        let name = format!("ws{number}-{}", ground.group);
        // Overseen as the group's own thread is: a fold of it that never returns is given up with both.
        let work = on_same_terms(move || {
            while let Ok(part) = to_fold.recv() {
                if done.send(part.fold(&ground)).is_err() {
                    return;
                }
            }
        });
        let thread = Builder::new().name(name).spawn(work)?;
        Ok(Self { parts, folded, thread })
    }

    /// What came of the part that it was given.
    fn take(&self, given: bool) -> Result<Folded, Trouble> {
        let gone = || Trouble::Stop("a worker of the group has ended".to_owned());
        if given { self.folded.recv().map_err(|_| gone())? } else { Err(gone()) }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for Worker { parts, thread, .. } in self.others.drain(..) {
            drop(parts);
            if thread.join().is_err() {
                tracing::error!(group = self.ground.group, "a worker's thread ended in a panic");
            }
        }
    }
}
