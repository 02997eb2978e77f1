use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{interval, sleep};

use super::connection::{self, Times};
use crate::entry::Entry;
use crate::options::Options;

/// How often histograms are folded.
const TIDY: Duration = Duration::from_secs(5);
/// How long to wait when the process has no descriptor left for another connection.
const BREATHER: Duration = Duration::from_millis(100);

/// Accepts connections until the server is told to stop, then waits for those that are open.
///
/// Our own loop rather than a framework's, because each connection needs a timer for its heads and a bound on their number.
pub(crate) async fn run(listener: TcpListener, entry: Arc<Entry>, options: &Options) {
    let most = u32::try_from(options.max_connections).unwrap_or(u32::MAX).max(1);
    let slots = Arc::new(Semaphore::new(most as usize));
    let times = Times { header: options.header_time, drain: options.drain };
    let tidying = tokio::spawn(tidy(entry.clone()));
    let mut closing = entry.closing.clone();
    while let Some((stream, slot)) = tokio::select! {
        accepted = next(&listener, &slots) => accepted,
        () = closing.said() => None,
    } {
        let entry = entry.clone();
        tokio::spawn(async move {
            let _slot = slot;
            connection::serve(stream, entry, times).await;
        });
    }
    drop(listener);
    // All slots are free again when every connection has gone; each sees to it that it goes in time.
    let _ = slots.acquire_many(most).await;
    tidying.abort();
}

/// The next connection, once there is room for it; none where there will be no more.
async fn next(listener: &TcpListener, slots: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Some((stream, slot)),
            Err(error) if is_the_callers(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection; trying again");
                sleep(BREATHER).await;
            }
        }
    }
}

fn is_the_callers(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn tidy(entry: Arc<Entry>) {
    let Some(metrics) = entry.metrics.clone() else {
        return;
    };
    let mut often = interval(TIDY);
    loop {
        often.tick().await;
        metrics.tidy();
    }
}
