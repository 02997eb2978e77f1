//! Appends that wait for whoever writes them, a thread or a caller, with everything made ready that a store makes ready.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use watershed_core::ports::{AppendError, Appended};

/// How an append is answered.
pub type Answer = Result<Appended, AppendError>;

/// An append, and whoever waits for its answer.
#[derive(Debug)]
pub struct Queued<P> {
    /// What is to be appended, in the store's form.
    pub append: P,
    /// Whoever waits.
    pub answer: oneshot::Sender<Answer>,
}

/// The appends that wait, in the order of the calls.
#[derive(Debug)]
pub struct Queue<P>(Mutex<Inner<P>>);

#[derive(Debug)]
struct Inner<P> {
    waiting: Vec<Queued<P>>,
    /// As many appends as the last group had.
    last: usize,
    /// So many groups in a row were one caller's, and done in no time.
    alone: u32,
    /// The writer's thread sleeps until so many wait; none while it is awake.
    wake_at: Option<usize>,
    /// The writer's thread is to look around, whoever waits.
    called: bool,
    thread: Option<Thread>,
    /// A task that waits in place of a thread.
    task: Option<Waker>,
    closed: bool,
}

impl<P> Default for Queue<P> {
    fn default() -> Self {
        Self(Mutex::new(Inner {
            waiting: Vec::new(),
            last: 0,
            alone: 0,
            wake_at: None,
            called: false,
            thread: None,
            task: None,
            closed: false,
        }))
    }
}

/// A commit that takes longer is not done by whoever calls.
const QUICK: Duration = Duration::from_micros(500);
/// Whoever has been alone for so many groups looks for others only once in as many.
const LONELY: u32 = 16;

impl<P> Inner<P> {
    fn wake(&mut self) {
        self.wake_at = None;
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }
}

/// How the writer's thread waits.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long to wait for as many appends as the last group had, once there is one.
    pub gather: Duration,
    /// At most so many are taken.
    pub most: usize,
    /// Come back with nothing after this long.
    pub idle: Option<Duration>,
}

/// An append in the queue.
#[derive(Debug)]
pub struct Pushed<'a, P> {
    /// Where the answer comes.
    pub answer: oneshot::Receiver<Answer>,
    /// Nobody has been woken for it: whoever calls may commit it. Dropped, this wakes the writer's thread.
    pub alone: Option<Alone<'a, P>>,
}

/// Stands for an append that nobody has been woken for.
#[derive(Debug)]
pub struct Alone<'a, P> {
    queue: &'a Queue<P>,
    /// Others may be about to append on the same thread: they are to be let in before the commit.
    pub lets_in: bool,
}

impl<P> Drop for Alone<'_, P> {
    fn drop(&mut self) {
        let mut inner = self.queue.lock();
        if !inner.waiting.is_empty() {
            inner.wake();
        }
    }
}

impl<P> Queue<P> {
    fn lock(&self) -> MutexGuard<'_, Inner<P>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an append behind those that wait.
    ///
    /// # Errors
    /// [`AppendError::Closed`] once the queue is closed.
    pub fn push(&self, append: P) -> Result<Pushed<'_, P>, AppendError> {
        let (sender, answer) = oneshot::channel();
        let mut inner = self.lock();
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
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.wake();
    }

    /// Whether it takes no more appends.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Takes no more appends, and leaves those that wait without an answer: nobody is there to give one.
    pub fn abandon(&self) {
        self.close();
        self.lock().waiting.clear();
    }

    /// Waits for appends, or for as long as there is patience; false once the queue is closed and empty. For the writer's thread.
    pub fn wait(&self, patience: Patience) -> bool {
        let mut wanted = 1;
        let mut until = patience.idle.map(|idle| Instant::now() + idle);
        loop {
            let mut inner = self.lock();
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

    /// Waits for so many appends, at least one; false once the queue is closed and empty. For a task that writes.
    pub async fn waits_for(&self, least: usize) -> bool {
        let least = least.max(1);
        poll_fn(|cx| {
            let mut inner = self.lock();
            if inner.closed || inner.waiting.len() >= least {
                inner.wake_at = None;
                return Poll::Ready(!inner.waiting.is_empty());
            }
            inner.wake_at = Some(least);
            inner.task = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// So many wait.
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Calls the writer's thread: callers are not to commit by themselves for now, and it has something to do although nobody
    /// waits.
    pub fn call_writer(&self) {
        let mut inner = self.lock();
        inner.alone = 0;
        inner.called = true;
        inner.wake();
    }

    /// Moves waiting appends, at most so many, into `group`, which must be empty. Only for whoever holds the writer: so they
    /// are taken in the order of the calls.
    pub fn take(&self, most: usize, group: &mut Vec<Queued<P>>) {
        let mut inner = self.lock();
        if inner.waiting.len() <= most {
            std::mem::swap(&mut inner.waiting, group);
        } else {
            group.extend(inner.waiting.drain(..most));
        }
    }

    /// A group of so many has been answered, after so long. One caller alone commits by itself the next time: waking a thread,
    /// and being woken by it, would take as long as a quick flush.
    pub fn done(&self, group: usize, took: Duration) {
        let mut inner = self.lock();
        inner.last = group;
        inner.alone = if group == 1 && took < QUICK { inner.alone.saturating_add(1) } else { 0 };
    }
}
