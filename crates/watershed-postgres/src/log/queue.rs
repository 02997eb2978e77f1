//! Appends that wait to be committed, in the order of the calls.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use watershed_core::ports::{AppendError, Appended};

use super::prepared::Prepared;

/// How an append is answered.
pub(crate) type Answer = Result<Appended, AppendError>;

/// An append, and whoever waits for its answer.
pub(crate) struct Queued {
    pub(crate) append: Prepared,
    pub(crate) answer: oneshot::Sender<Answer>,
}

#[derive(Default)]
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    called: Notify,
}

#[derive(Default)]
struct Inner {
    waiting: Vec<Queued>,
    closed: bool,
}

impl Queue {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an append behind those that wait.
    pub(crate) fn push(&self, append: Prepared) -> Result<oneshot::Receiver<Answer>, AppendError> {
        let (answer, receiver) = oneshot::channel();
        {
            let mut inner = self.inner();
            if inner.closed {
                return Err(AppendError::Closed);
            }
            inner.waiting.push(Queued { append, answer });
        }
        self.called.notify_one();
        Ok(receiver)
    }

    /// The appends that wait, at most so many, as soon as there are any; none once the queue is closed and empty.
    pub(crate) async fn next(&self, most: usize) -> Option<Vec<Queued>> {
        loop {
            {
                let mut inner = self.inner();
                let most = inner.waiting.len().min(most);
                if most > 0 {
                    return Some(inner.waiting.drain(..most).collect());
                }
                if inner.closed {
                    return None;
                }
            }
            self.called.notified().await;
        }
    }

    /// Takes no more appends, and lets go of those that wait: their callers are told that the log is closed.
    pub(crate) fn abandon(&self) {
        let mut inner = self.inner();
        inner.closed = true;
        inner.waiting.clear();
    }

    /// Takes no more appends.
    pub(crate) fn close(&self) {
        self.inner().closed = true;
        self.called.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.inner().closed
    }
}
