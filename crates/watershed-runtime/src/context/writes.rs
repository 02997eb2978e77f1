use std::sync::Arc;

use tokio::sync::watch;
use watershed_core::Position;

use super::running::Running;
use crate::editions::{Edition, Group};
use crate::query::{AskError, Stand};

/// Tells whoever waits that rows of a view have been written: by an event, or by an operator who has put them right, tried a key
/// again, or had another version take over. Made by [`Running::writes`].
pub struct Writes {
    running: Running,
    of: Of,
}

enum Of {
    /// The edition that served, and what tells of its writes.
    Group { group: Arc<Group>, edition: u32, writes: watch::Receiver<(u64, bool)> },
    /// What is always current.
    Log { position: Position },
}

impl Running {
    /// Tells of what is written to a view's rows from now on.
    ///
    /// # Errors
    /// Where there is no such view.
    pub fn writes(&self, view: &str) -> Result<Writes, AskError> {
        let of = match &self.view(view)?.stand {
            Stand::Current { .. } => Of::Log { position: self.head() },
            Stand::Kept { group } => {
                let (edition, writes) = subscribed(&group.serving());
                Of::Group { group: group.clone(), edition, writes }
            }
        };
        Ok(Writes { running: self.clone(), of })
    }
}

/// The edition itself is let go: one that somebody holds cannot be removed.
fn subscribed(edition: &Edition) -> (u32, watch::Receiver<(u64, bool)>) {
    (edition.number, edition.projector.progress.writes())
}

impl Writes {
    /// Answers once something has been written since the last time, or another edition serves. May be dropped while it waits, and
    /// called again: nothing is missed.
    ///
    /// # Errors
    /// Where the context is closed.
    pub async fn next(&mut self) -> Result<(), AskError> {
        let (group, edition, writes) = match &mut self.of {
            Of::Log { position } => {
                *position = self.running.0.core.log.wait_past(*position).await;
                return Ok(());
            }
            Of::Group { group, edition, writes } => (group, edition, writes),
        };
        loop {
            let serving = group.serving();
            if serving.number != *edition {
                (*edition, *writes) = subscribed(&serving);
                return Ok(());
            }
            drop(serving);
            let goes_on = writes.changed().await.is_ok() && writes.borrow_and_update().1;
            if goes_on {
                return Ok(());
            }
            if group.serving().number == *edition {
                return Err(AskError::Unavailable("the context is closed".to_owned()));
            }
        }
    }
}
