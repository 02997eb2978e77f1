use tokio::sync::watch;

/// Whether the server has been told to stop.
#[derive(Debug, Clone)]
pub(crate) struct Closing(watch::Receiver<bool>);

impl Closing {
    /// The word, and whoever gives it.
    pub(crate) fn new() -> (watch::Sender<bool>, Self) {
        let (stop, closing) = watch::channel(false);
        (stop, Self(closing))
    }

    /// Whether it has been said.
    pub(crate) fn is_said(&self) -> bool {
        *self.0.borrow()
    }

    /// Answers once it has been said, or nobody is left to say it.
    pub(crate) async fn said(&mut self) {
        let _ = self.0.wait_for(|said| *said).await;
    }
}
