//! What operators do with editions. Each step is written down before it shows, and can be repeated after a crash.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use watershed_core::Position;
use watershed_core::ports::{JournalFrom, RowError};

use super::follow;
use super::group::{Edition, Group, remove};
use super::record::{EditionState, Flag, Passed};
use crate::projector::{Control, Declined, RebuildProgress};

/// How old a verification may be at the cutover.
const VERIFIED_FOR: Duration = Duration::from_secs(3_600);
/// An edition that is further behind than so many events is not made to serve: everybody would wait for it.
const NEARLY: Position = 20_000;
/// How long a removed edition's last readers may take.
const LAST_READERS: Duration = Duration::from_secs(5);
/// How often an edition that is being filled is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A rebuild under way: how it went, in the end.
pub(crate) type Rebuilding = oneshot::Receiver<Result<RebuildProgress, SwitchError>>;

/// Why a step was not taken. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SwitchError {
    /// There is no edition that this could be done with.
    #[error("{0}")]
    WrongState(String),
    /// There is no edition of that number.
    #[error("there is no edition {0}: `views versions` lists them")]
    NoEdition(u32),
    /// Another process keeps the rows.
    #[error("{}", Declined::Elsewhere { group, node: node.clone() })]
    KeptElsewhere { group: &'static str, node: String },
    /// A store failed.
    #[error("{0}")]
    Failed(String),
}

impl From<Declined> for SwitchError {
    fn from(declined: Declined) -> Self {
        match declined {
            Declined::Elsewhere { group, node } => Self::KeptElsewhere { group, node },
            Declined::Failed(problem) => Self::Failed(problem),
        }
    }
}

impl From<String> for SwitchError {
    fn from(problem: String) -> Self {
        Self::Failed(problem)
    }
}

impl Group {
    /// The edition that a step is for: the one that is named, or the only one in such a state.
    fn choose(
        &self,
        editions: &[(u32, EditionState)],
        named: Option<u32>,
        states: &[EditionState],
        what: &str,
    ) -> Result<u32, SwitchError> {
        let fits = |state: EditionState| states.contains(&state);
        if let Some(number) = named {
            return match editions.iter().find(|(found, _)| *found == number) {
                None => Err(SwitchError::NoEdition(number)),
                Some((_, state)) if fits(*state) => Ok(number),
                Some((_, state)) => Err(SwitchError::WrongState(format!(
                    "edition {number} of `{}` is {}: it cannot be {what}",
                    self.name(),
                    state.name()
                ))),
            };
        }
        let mut found = editions.iter().filter(|(_, state)| fits(*state)).map(|(number, _)| *number);
        match (found.next(), found.next()) {
            (Some(number), None) => Ok(number),
            (None, _) => Err(SwitchError::WrongState(format!(
                "no edition of `{}` can be {what}: `views versions` says how they stand",
                self.name()
            ))),
            (Some(_), Some(_)) => Err(SwitchError::WrongState(format!(
                "several editions of `{}` can be {what}: say which with `--edition`",
                self.name()
            ))),
        }
    }

    /// The editions with the states that they show.
    fn states(&self, record: &super::record::Record) -> Vec<(u32, EditionState)> {
        record.editions.iter().map(|edition| (edition.number, self.shown_state(edition))).collect()
    }

    /// The state of an edition, as it shows.
    pub(crate) fn shown_state(&self, edition: &super::record::EditionRecord) -> EditionState {
        match edition.state {
            EditionState::Backfilling
                if self.edition(edition.number).is_some_and(|edition| self.is_near(&edition)) =>
            {
                EditionState::CaughtUp
            }
            state => state,
        }
    }

    fn is_near(&self, edition: &Edition) -> bool {
        let progress = &edition.projector.progress;
        progress.rebuild().is_none()
            && progress.checkpoint().status != "stopped"
            && progress.position() + NEARLY >= self.ground.feed.log().head()
            && (progress.position() > 0 || self.ground.feed.log().head() == 0)
    }

    /// The edition that is to be held against the one that serves.
    pub(super) async fn to_verify(&self, named: Option<u32>) -> Result<Arc<Edition>, SwitchError> {
        use EditionState::{CaughtUp, Reversible, Verified};
        let record = self.record.lock().await;
        let states: &[EditionState] =
            if named.is_some() { &[CaughtUp, Verified, Reversible] } else { &[CaughtUp, Verified] };
        let number = self.choose(&self.states(&record), named, states, "verified")?;
        self.edition(number).ok_or(SwitchError::NoEdition(number))
    }

    /// Begins to fill a version that has been declared, with at most so many events a second.
    pub(crate) async fn backfill(&self, named: Option<u32>, rate: Option<u64>) -> Result<u32, SwitchError> {
        let mut record = self.record.lock().await;
        let number = self.choose(&self.states(&record), named, &[EditionState::Declared], "filled")?;
        let mut next = record.clone();
        let Some(edition) = next.edition_mut(number) else { return Err(SwitchError::NoEdition(number)) };
        edition.enter(EditionState::Backfilling, self.now());
        edition.rate = rate;
        let edition = edition.clone();
        self.decide(&next).await?;
        *record = next;
        self.open_edition(&self.current, &edition).await?;
        Ok(number)
    }

    /// Has an edition that has been verified answer, in place of the one that does.
    pub(crate) async fn cutover(&self, named: Option<u32>) -> Result<u32, SwitchError> {
        use EditionState::{Backfilling, CaughtUp, Declared, Reversible, Serving, Verified};
        let number = {
            let record = self.record.lock().await;
            let open = [Declared, Backfilling, CaughtUp, Verified];
            let number = self.choose(&self.states(&record), named, &open, "made to serve")?;
            let now = self.now();
            let wrong = |problem: String| Err(SwitchError::WrongState(problem));
            let edition = record.edition(number);
            match edition.and_then(|edition| edition.passed.as_ref()) {
                Some(passed) if now.since(passed.at) > VERIFIED_FOR => {
                    return wrong(format!(
                        "edition {number} of `{}` was verified at {}, too long ago: `views verify` it again",
                        self.name(),
                        passed.at
                    ));
                }
                Some(_) => {}
                None => {
                    return wrong(format!(
                        "edition {number} of `{}` has not been verified: `views verify` it first",
                        self.name()
                    ));
                }
            }
            number
        };
        self.switch(number, Reversible, &[Verified, Serving]).await?;
        Ok(number)
    }

    /// Has the edition that served before answer again.
    pub(crate) async fn rollback(&self, named: Option<u32>) -> Result<u32, SwitchError> {
        let number = {
            let record = self.record.lock().await;
            self.choose(&self.states(&record), named, &[EditionState::Reversible], "rolled back to")?
        };
        self.switch(number, EditionState::Backfilling, &[EditionState::Reversible]).await?;
        Ok(number)
    }

    /// Puts an edition in the place of the one that serves: one step in the ledger, at a position that the new one has reached
    /// and the old one has not passed, so that nobody's reads go backwards.
    async fn switch(
        &self,
        number: u32,
        left: EditionState,
        from: &[EditionState],
    ) -> Result<(), SwitchError> {
        let mut record = self.record.lock().await;
        let wrong = |problem: &str| {
            SwitchError::WrongState(format!("edition {number} of `{}` {problem}", self.name()))
        };
        let state = record.edition(number).map(|edition| edition.state);
        if !state.is_some_and(|state| from.contains(&state)) {
            return Err(wrong("is in another state by now"));
        }
        let (old, new) = (self.serving(), self.edition(number).ok_or_else(|| wrong("is not kept up"))?);
        if !self.is_near(&new) {
            return Err(wrong("is too far behind: wait until it has caught up"));
        }
        let before = old.projector.hold().await?;
        let mut after = new.projector.hold().await?;
        after.fold_to(before.position()).await?;
        self.hand_listeners_over(&old, &new).await?;
        let mut next = record.clone();
        let now = self.now();
        if let Some(serving) = next.edition_mut(old.number) {
            serving.enter(left, now);
        }
        if let Some(edition) = next.edition_mut(number) {
            edition.rebuild = false;
            edition.enter(EditionState::Serving, now);
        }
        self.decide(&next).await?;
        *record = next;
        self.serve(number).await;
        drop((before, after));
        // Whoever waits for the old one's rows is to look at the new one's.
        old.projector.progress.wrote();
        tracing::info!(group = self.name(), from = old.number, to = number, "another edition serves");
        Ok(())
    }

    /// Removes an edition that does not serve.
    pub(crate) async fn retire(&self, named: Option<u32>) -> Result<u32, SwitchError> {
        use EditionState::{Backfilling, CaughtUp, Reversible, Verified};
        let mut record = self.record.lock().await;
        // Unless it is named, only what has served is meant.
        let states: &[EditionState] =
            if named.is_some() { &[Reversible, Backfilling, CaughtUp, Verified] } else { &[Reversible] };
        let number = self.choose(&self.states(&record), named, states, "retired")?;
        let mut next = record.clone();
        if let Some(edition) = next.edition_mut(number) {
            edition.enter(EditionState::Retired, self.now());
        }
        self.decide(&next).await?;
        *record = next;
        self.remove_retired(&mut record, number).await?;
        Ok(number)
    }

    async fn remove_retired(
        &self,
        record: &mut super::record::Record,
        number: u32,
    ) -> Result<(), SwitchError> {
        if let Some(edition) = self.let_go(number) {
            let closed = tokio::task::spawn_blocking({
                let edition = edition.clone();
                move || edition.projector.close()
            });
            if closed.await.is_err() {
                return Err(SwitchError::Failed("the projector could not be closed".to_owned()));
            }
            drop(edition);
            if self.ground.member.is_some() {
                // Other processes have it open until they see that it is of no use any more.
                tokio::time::sleep(2 * follow::LOOK).await;
            }
            let patience = tokio::time::Instant::now() + LAST_READERS;
            while let Err(error) = remove(&self.ground, self.name(), number).await {
                if tokio::time::Instant::now() >= patience {
                    // The record says that it is retired: the next start removes it.
                    tracing::warn!(group = self.name(), edition = number, %error, "is removed at the next start");
                    return Ok(());
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        let mut next = record.clone();
        next.editions.retain(|edition| edition.number != number);
        let is_current = |edition: &super::record::EditionRecord| edition.version == self.current.version();
        if !next.editions.iter().any(is_current) {
            // It can be filled again.
            next.add(&self.current.version(), EditionState::Declared, self.now());
        }
        self.decide(&next).await?;
        *record = next;
        Ok(())
    }

    /// Begins to fold everything anew, beside what serves, in whose place it is put once it has caught up. What is given back
    /// says how it went.
    pub(crate) async fn rebuild(self: &Arc<Self>) -> Result<Rebuilding, SwitchError> {
        let mut record = self.record.lock().await;
        if record.editions.iter().any(|edition| edition.rebuild) {
            return Err(SwitchError::WrongState(format!("a rebuild of `{}` is under way", self.name())));
        }
        let definition = self.serving().definition.clone();
        let mut next = record.clone();
        let number = next.add(&definition.version(), EditionState::Backfilling, self.now());
        let Some(edition) = next.edition_mut(number) else { return Err(SwitchError::NoEdition(number)) };
        edition.rebuild = true;
        let edition = edition.clone();
        self.decide(&next).await?;
        *record = next;
        self.open_edition(&definition, &edition).await?;
        Ok(self.serve_when_caught_up(number))
    }

    /// How a rebuild comes on, where one is under way.
    pub(crate) fn rebuild_progress(&self) -> Option<RebuildProgress> {
        let number = self.seen().editions.iter().find(|edition| edition.rebuild)?.number;
        let edition = self.edition(number)?;
        let progress = &edition.projector.progress;
        Some(progress.rebuild().or_else(|| progress.last_rebuild()).unwrap_or_default())
    }

    /// Has an edition that is a rebuild serve as soon as it can, and removes the one that it replaces.
    pub(super) fn serve_when_caught_up(self: &Arc<Self>, number: u32) -> Rebuilding {
        let (done, rebuilding) = oneshot::channel();
        let group = self.clone();
        self.spawn(async move {
            let outcome = group.replace_when_caught_up(number).await;
            if let Err(error) = &outcome {
                tracing::error!(group = group.name(), edition = number, %error, "the rebuild failed; the old rows stay");
            }
            // First: whoever hears of it may close the context, and open it again at once.
            drop(group);
            // Whoever asked may have gone.
            let _ = done.send(outcome);
        });
        rebuilding
    }

    async fn replace_when_caught_up(&self, number: u32) -> Result<RebuildProgress, SwitchError> {
        let replaced = self.replace(number).await;
        let mut record = self.record.lock().await;
        if let Err(error) = &replaced
            && record.edition(number).is_none_or(|edition| edition.state != EditionState::Backfilling)
        {
            // Another process that has been started meanwhile has had it serve: there is nothing to tidy up.
            return Err(error.clone());
        }
        // One of the two is of no use any more: the old one, or what was to take its place.
        let over = match &replaced {
            Ok(old) => *old,
            Err(_) => number,
        };
        if let Some(edition) = record.edition_mut(over) {
            edition.rebuild = false;
            edition.enter(EditionState::Retired, self.now());
        }
        self.decide(&record).await?;
        self.remove_retired(&mut record, over).await?;
        replaced.map(|_| self.serving().projector.progress.last_rebuild().unwrap_or_default())
    }

    /// Puts a rebuild in the place of the one that serves; gives that one's number.
    async fn replace(&self, number: u32) -> Result<u32, SwitchError> {
        let edition = self.edition(number).ok_or(SwitchError::NoEdition(number))?;
        while !self.is_near(&edition) {
            let checkpoint = edition.projector.progress.checkpoint();
            if checkpoint.status == "stopped" {
                return Err(SwitchError::Failed(checkpoint.last_error.unwrap_or_default()));
            }
            tokio::time::sleep(LOOK).await;
        }
        let old = self.serving();
        let is_paused = old.projector.progress.checkpoint().status == "paused";
        self.switch(number, EditionState::Retired, &[EditionState::Backfilling]).await?;
        if is_paused {
            edition.projector.tell(Control::Pause);
        }
        Ok(old.number)
    }

    /// Puts the group in use, or out of it.
    pub(crate) async fn set_flag(&self, flag: Flag) -> Result<(), SwitchError> {
        let mut record = self.record.lock().await;
        let mut next = record.clone();
        next.flag = flag;
        self.decide(&next).await?;
        let before = record.flag;
        *record = next;
        if flag == Flag::Off {
            self.apply_flag(flag);
        } else if before == Flag::Off {
            for edition in self.editions() {
                edition.projector.tell(Control::Resume);
            }
        }
        Ok(())
    }

    /// The edition passed, or did not.
    pub(super) async fn judged(&self, number: u32, passed: Option<Passed>) -> Result<(), SwitchError> {
        let mut record = self.record.lock().await;
        let mut next = record.clone();
        let Some(edition) = next.edition_mut(number) else { return Err(SwitchError::NoEdition(number)) };
        if !matches!(edition.state, EditionState::Backfilling | EditionState::Verified) {
            return Ok(());
        }
        let state = if passed.is_some() { EditionState::Verified } else { EditionState::Backfilling };
        edition.enter(state, self.now());
        edition.passed = passed;
        self.decide(&next).await?;
        *record = next;
        Ok(())
    }
}

impl Group {
    /// Has whoever follows the old edition's journal go on in the new one's, where they are told to read everything again. Both stand
    /// still. Done before the step is written down: should that fail, nobody reads this journal.
    async fn hand_listeners_over(&self, old: &Edition, new: &Edition) -> Result<(), SwitchError> {
        let failed = |error: RowError| SwitchError::Failed(error.to_string());
        let part = old.projector.store.read_journal(JournalFrom::End, 0).await.map_err(failed)?;
        match part {
            Some(part) => new.projector.store.take_over(part.end, self.now()).await.map_err(failed),
            None => Ok(()),
        }
    }
}
