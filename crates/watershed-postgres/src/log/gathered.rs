//! Wakes those who wait for one group together.
//!
//! A task that wakes many others in a row has the runtime call another worker thread for the first of them, which takes it, runs it, and
//! sleeps again before the next one is woken: two changes of threads for each. Woken together, they are shared between the threads
//! at once.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

/// Waits for an answer that comes with many others.
pub(super) async fn gathered<F: Future>(answer: F) -> F::Output {
    let mut answer = pin!(answer);
    poll_fn(|cx| {
        let waker = Waker::from(Arc::new(Gathered(cx.waker().clone())));
        answer.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

/// Wakes a task as one that has yielded is woken: with all others, once the thread has nothing else to do.
struct Gathered(Waker);

impl Wake for Gathered {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // On a thread that is none of the runtime's, this wakes it now.
        let _ = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&self.0));
    }
}
