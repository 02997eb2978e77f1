//! Appends that wait for the writer.

use std::sync::Mutex;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use watershed_core::ports::{AppendError, Appended};

use super::prepared::Prepared;
use super::shared::lock;

/// How an append is answered.
pub(crate) type Answer = Result<Appended, AppendError>;

/// An append, and whoever waits for its answer.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) append: Prepared,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// The appends that wait, in the order of the calls.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Vec<Queued>,
    /// The writer sleeps until so many wait; none while it is awake.
    wake_at: Option<usize>,
    writer: Option<Thread>,
    closed: bool,
}

impl Inner {
    fn wake(&mut self) {
        self.wake_at = None;
        if let Some(writer) = &self.writer {
            writer.unpark();
        }
    }
}

/// How the writer waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// As many appends as the last group had.
    pub(crate) expected: usize,
    /// How long to wait for that many, once there is one.
    pub(crate) gather: Duration,
    /// At most so many are taken.
    pub(crate) most: usize,
    /// Come back with nothing after this long.
    pub(crate) idle: Option<Duration>,
}

impl Queue {
    /// Puts an append behind those that wait.
    pub(crate) fn push(&self, append: Prepared) -> Result<oneshot::Receiver<Answer>, AppendError> {
        let (answer, receiver) = oneshot::channel();
        let mut inner = lock(&self.0);
        if inner.closed {
            return Err(AppendError::Closed);
        }
        inner.waiting.push(Queued { append, answer });
        if inner.wake_at.is_some_and(|wake_at| inner.waiting.len() >= wake_at) {
            inner.wake();
        }
        Ok(receiver)
    }

    /// Takes no more appends. Those that wait are still taken by the writer.
    pub(crate) fn close(&self) {
        let mut inner = lock(&self.0);
        inner.closed = true;
        inner.wake();
    }

    /// Moves waiting appends into `group`, which must be empty; false once the queue is closed and empty. For the writer.
    pub(crate) fn take(&self, patience: Patience, group: &mut Vec<Queued>) -> bool {
        let mut wanted = 1;
        let mut until = patience.idle.map(|idle| Instant::now() + idle);
        loop {
            let mut inner = lock(&self.0);
            let waiting = inner.waiting.len();
            let late = until.is_some_and(|until| Instant::now() >= until);
            if inner.closed || waiting >= patience.expected.min(patience.most).max(1) || (late && waiting > 0)
            {
                return inner.hand_over(patience.most, group);
            }
            if late {
                return true;
            }
            if waiting > 0 && wanted == 1 {
                // Somebody is there: the others have until then.
                wanted = patience.expected.min(patience.most);
                until = Some(Instant::now() + patience.gather);
            }
            inner.wake_at = Some(wanted);
            if inner.writer.is_none() {
                inner.writer = Some(thread::current());
            }
            drop(inner);
            match until {
                Some(until) => thread::park_timeout(until.saturating_duration_since(Instant::now())),
                None => thread::park(),
            }
        }
    }
}

impl Inner {
    fn hand_over(&mut self, most: usize, group: &mut Vec<Queued>) -> bool {
        self.wake_at = None;
        if self.waiting.len() <= most {
            std::mem::swap(&mut self.waiting, group);
        } else {
            group.extend(self.waiting.drain(..most));
        }
        !(self.closed && group.is_empty())
    }
}
