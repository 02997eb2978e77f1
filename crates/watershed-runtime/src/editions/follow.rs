//! What other processes decide about a group: this one does the same with what it has open.

use std::sync::Weak;
use std::time::Duration;

use super::group::Group;
use super::record::{EditionState, Flag, Record};
use super::written::Written;
use crate::projector::Control;

/// How often the ledger is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(250);

/// Follows the ledger for as long as there is somebody who has the group.
pub(super) async fn follow(group: Weak<Group>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(group) = group.upgrade() else { return };
        if let Err(problem) = group.follow_once().await {
            tracing::warn!(group = group.name(), problem, "what other processes have decided is not known");
        }
    }
}

impl Group {
    async fn follow_once(&self) -> Result<(), String> {
        let mut record = self.record.lock().await;
        let found = Written::read(&*self.ground.ledger, self.name()).await?.record;
        if found == *record {
            return Ok(());
        }
        self.open_others(&found).await?;
        if let Some(serving) = found.serving()
            && serving.number != self.serving().number
            && self.edition(serving.number).is_some()
        {
            let before = self.serving();
            self.serve(serving.number).await;
            before.projector.progress.wrote();
            tracing::info!(
                group = self.name(),
                edition = serving.number,
                "another process has this edition serve"
            );
        }
        self.close_others(&found).await;
        let was_off = record.flag == Flag::Off;
        *record = found;
        self.set_seen(&record);
        if record.flag == Flag::Off {
            self.apply_flag(record.flag);
        } else if was_off {
            self.editions().iter().for_each(|edition| edition.projector.tell(Control::Resume));
        }
        self.editions().iter().for_each(|edition| self.give_workers(edition));
        Ok(())
    }

    /// Opens what is kept up elsewhere and not here yet. What this program has no code for it leaves alone.
    async fn open_others(&self, found: &Record) -> Result<(), String> {
        for edition in &found.editions {
            if edition.state.is_kept()
                && self.edition(edition.number).is_none()
                && let Some(definition) = self.definition(&edition.version)
            {
                self.open_edition(&definition, edition).await?;
            }
        }
        Ok(())
    }

    /// Closes what is kept up no longer; not what answers here, because this program has no code for what answers elsewhere.
    async fn close_others(&self, found: &Record) {
        let is_kept =
            |number: u32| found.edition(number).is_some_and(|edition| edition.state != EditionState::Retired);
        let serving = self.serving().number;
        let over = self
            .editions()
            .into_iter()
            .filter(|edition| edition.number != serving && !is_kept(edition.number));
        for number in over.map(|edition| edition.number).collect::<Vec<_>>() {
            if let Some(edition) = self.let_go(number) {
                let closed = tokio::task::spawn_blocking(move || edition.projector.close());
                if closed.await.is_err() {
                    tracing::error!(group = self.name(), edition = number, "closing a projector failed");
                }
            }
        }
    }
}
