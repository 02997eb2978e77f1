use std::pin::pin;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio_postgres::Error;

use crate::options::Options;

/// Notices where a server does not answer any more. It ends each statement after a time by itself: what has not been answered
/// well after that comes over a connection that carries nothing, though nobody has closed it.
pub(super) struct Limit {
    driver: AbortHandle,
    /// None where statements may take as long as they like: then the keepalives of TCP notice, as far as they can.
    longest: Option<Duration>,
}

impl Limit {
    pub(super) fn new(driver: AbortHandle, options: &Options) -> Self {
        let longest = (!options.statement.is_zero()).then(|| options.statement + options.patience);
        Self { driver, longest }
    }

    /// Waits for the answer, and gives up the whole connection where none comes: everybody who waits on it is told so.
    pub(super) async fn within<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Some(longest) = self.longest else { return answer.await };
        let mut answer = pin!(answer);
        match tokio::time::timeout(longest, &mut answer).await {
            Ok(answered) => answered,
            Err(_) => {
                tracing::warn!(?longest, "the server does not answer: the connection is given up");
                self.driver.abort();
                answer.await
            }
        }
    }
}
