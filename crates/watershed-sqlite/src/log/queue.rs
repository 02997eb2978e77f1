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
    /// As many appends as the last group had.
    last: usize,
    /// So many groups in a row were one caller's, and done in no time.
    alone: u32,
    /// The writer's thread sleeps until so many wait; none while it is awake.
    wake_at: Option<usize>,
    /// The writer's thread is to look around, whoever waits.
    called: bool,
    thread: Option<Thread>,
    closed: bool,
}

/// A commit that takes longer is not done by whoever calls.
const QUICK: Duration = Duration::from_micros(500);
/// Whoever has been alone for so many groups looks for others only once in as many.
const LONELY: u32 = 16;

impl Inner {
    fn wake(&mut self) {
        self.wake_at = None;
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

/// How the writer's thread waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// How long to wait for as many appends as the last group had, once there is one.
    pub(crate) gather: Duration,
    /// At most so many are taken.
    pub(crate) most: usize,
    /// Come back with nothing after this long.
    pub(crate) idle: Option<Duration>,
}

/// An append in the queue.
#[derive(Debug)]
pub(crate) struct Pushed<'a> {
    pub(crate) answer: oneshot::Receiver<Answer>,
    /// Nobody has been woken for it: whoever calls may commit it. Dropped, this wakes the writer's thread.
    pub(crate) alone: Option<Alone<'a>>,
}

/// Stands for an append that nobody has been woken for.
#[derive(Debug)]
pub(crate) struct Alone<'a> {
    queue: &'a Queue,
    /// Others may be about to append on the same thread: they are to be let in before the commit.
    pub(crate) lets_in: bool,
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        let mut inner = lock(&self.queue.0);
        if !inner.waiting.is_empty() {
            inner.wake();
        }
    }
}

impl Queue {
    /// Puts an append behind those that wait.
    pub(crate) fn push(&self, append: Prepared) -> Result<Pushed<'_>, AppendError> {
        let (sender, answer) = oneshot::channel();
        let mut inner = lock(&self.0);
        if inner.closed {
            return Err(AppendError::Closed);
        }
        inner.waiting.push(Queued { append, answer: sender });
        let wakes = inner.wake_at.is_some_and(|wake_at| inner.waiting.len() >= wake_at);
        // Built only where it is kept: dropped, it would wake.
        let alone = (wakes && inner.alone > 0).then(|| Alone {
            queue: self,
            lets_in: inner.alone < LONELY || inner.alone.is_multiple_of(LONELY),
        });
        if wakes && alone.is_none() {
            inner.wake();
        }
        Ok(Pushed { answer, alone })
    }

    /// Takes no more appends. Those that wait are still taken by the writer.
    pub(crate) fn close(&self) {
        let mut inner = lock(&self.0);
        inner.closed = true;
        inner.wake();
    }

    /// Takes no more appends, and leaves those that wait without an answer: nobody is there to give one.
    pub(crate) fn abandon(&self) {
        self.close();
        lock(&self.0).waiting.clear();
    }

    /// Waits for appends, or for as long as there is patience; false once the queue is closed and empty. For the writer's thread.
    pub(crate) fn wait(&self, patience: Patience) -> bool {
        let mut wanted = 1;
        let mut until = patience.idle.map(|idle| Instant::now() + idle);
        loop {
            let mut inner = lock(&self.0);
            let waiting = inner.waiting.len();
            let expected = inner.last.clamp(1, patience.most.max(1));
            if inner.closed || waiting >= expected || std::mem::take(&mut inner.called) {
                inner.wake_at = None;
                return !(inner.closed && waiting == 0);
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                inner.wake_at = None;
                return true;
            }
            if waiting > 0 && wanted == 1 {
                // Somebody is there: the others have until then.
                wanted = expected;
                until = Some(Instant::now() + patience.gather);
            }
            inner.wake_at = Some(wanted);
            if inner.thread.is_none() {
                inner.thread = Some(thread::current());
            }
            drop(inner);
            match until {
                Some(until) => thread::park_timeout(until.saturating_duration_since(Instant::now())),
                None => thread::park(),
            }
        }
    }

    /// Calls the writer's thread: callers are not to commit by themselves for now, and it has something to do although nobody
    /// waits.
    pub(crate) fn call_writer(&self) {
        let mut inner = lock(&self.0);
        inner.alone = 0;
        inner.called = true;
        inner.wake();
    }

    /// Moves waiting appends, at most so many, into `group`, which must be empty. Only for whoever holds the writer: so they
    /// are taken in the order of the calls.
    pub(crate) fn take(&self, most: usize, group: &mut Vec<Queued>) {
        let mut inner = lock(&self.0);
        if inner.waiting.len() <= most {
            std::mem::swap(&mut inner.waiting, group);
        } else {
            group.extend(inner.waiting.drain(..most));
        }
    }

    /// A group of so many has been answered, after so long. One caller alone commits by itself the next time: waking a thread,
    /// and being woken by it, would take as long as a quick flush.
    pub(crate) fn done(&self, group: usize, took: Duration) {
        let mut inner = lock(&self.0);
        inner.last = group;
        inner.alone = if group == 1 && took < QUICK { inner.alone.saturating_add(1) } else { 0 };
    }
}
