//! An edition as it stood: saved, carried elsewhere, and gone on from.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use watershed_core::{Position, Timestamp};

use super::group::{Group, remove};
use super::record::EditionState;
use super::switch::SwitchError;

/// What a snapshot says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotNote {
    /// The group.
    pub group: String,
    /// The versions of its views.
    pub version: String,
    /// The log that its rows are folded from.
    pub log: Uuid,
    /// The log's life: raised by a restore.
    pub epoch: u32,
    /// The rows are folded up to this position at least.
    pub position: Position,
    /// When it was saved.
    pub saved_at: Timestamp,
}

impl Group {
    /// Saves the rows that serve, with their position.
    pub(crate) async fn save(&self, name: &str) -> Result<SnapshotNote, SwitchError> {
        let edition = self.serving();
        let identity = self.ground.feed.log().identity();
        let note = SnapshotNote {
            group: self.name().to_owned(),
            version: edition.definition.version(),
            log: identity.id,
            epoch: identity.epoch,
            position: edition.projector.progress.position(),
            saved_at: self.now(),
        };
        let text = serde_json::to_string(&note).map_err(|error| error.to_string())?;
        let saved = self.ground.rows.save(self.name(), edition.number, name, &text).await;
        saved.map_err(|error| error.to_string())?;
        Ok(note)
    }

    /// Makes an edition of saved rows, which catches up from where they stand.
    pub(crate) async fn restore(&self, name: &str) -> Result<u32, SwitchError> {
        let note = self.ground.rows.note(name).await.map_err(|error| error.to_string())?;
        let note = note.and_then(|text| serde_json::from_str::<SnapshotNote>(&text).ok());
        let note = note.ok_or_else(|| {
            SwitchError::WrongState(format!("there is no snapshot `{name}` in the folder `snapshots`"))
        })?;
        self.check(&note)
            .map_err(|problem| SwitchError::WrongState(format!("the snapshot `{name}` {problem}")))?;
        let definition = self.definition(&note.version).ok_or_else(|| {
            let version = &note.version;
            SwitchError::WrongState(format!(
                "the snapshot `{name}` is of `{version}`, which the program does not have"
            ))
        })?;
        let mut record = self.record.lock().await;
        let mut next = record.clone();
        let number = next.add(&note.version, EditionState::Backfilling, self.now());
        let Some(edition) = next.edition(number).cloned() else { return Err(SwitchError::NoEdition(number)) };
        // Copied before it is written down: an edition that is written down and has no file would be filled from the beginning.
        // What a crash in between has left bears a number that is written down nowhere.
        remove(&self.ground, self.name(), number).await.map_err(|error| error.to_string())?;
        let restored = self.ground.rows.restore(name, self.name(), number).await;
        restored.map_err(|error| error.to_string())?;
        self.decide(&next).await?;
        *record = next;
        self.open_edition(&definition, &edition).await?;
        Ok(number)
    }

    /// Whether a snapshot can be gone on from here.
    fn check(&self, note: &SnapshotNote) -> Result<(), String> {
        let log = self.ground.feed.log();
        let identity = log.identity();
        if note.group != self.name() {
            return Err(format!("is one of `{}`, not of `{}`", note.group, self.name()));
        }
        if (note.log, note.epoch) != (identity.id, identity.epoch) {
            return Err("was folded from another log, or from this one before a restore".to_owned());
        }
        if note.position > log.head() {
            return Err(format!("is at position {}, beyond the log's end at {}", note.position, log.head()));
        }
        Ok(())
    }
}
