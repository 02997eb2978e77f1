//! How many workers fold a group.

use super::group::{Edition, Group};
use super::switch::SwitchError;
use crate::projector::Control;

impl Group {
    /// Folds every edition with so many workers from now on, and those that come. Nothing is folded again for it.
    pub(crate) async fn set_workers(&self, workers: u16) -> Result<(), SwitchError> {
        self.current.check_workers(workers).map_err(SwitchError::WrongState)?;
        let mut record = self.record.lock().await;
        let mut next = record.clone();
        // What the program says anyway is no decision: the program may say something else one day.
        next.workers = (workers != self.current.workers).then_some(workers);
        self.decide(&next).await?;
        *record = next;
        self.editions().iter().for_each(|edition| self.give_workers(edition));
        Ok(())
    }

    /// Tells an edition's projector how many workers it has.
    pub(super) fn give_workers(&self, edition: &Edition) {
        let workers = self.seen().workers.unwrap_or(self.current.workers);
        edition.projector.tell(Control::Workers(workers));
    }
}
