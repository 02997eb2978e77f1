use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::task::JoinHandle;
use watershed_core::ports::{Ledger, RowEditions, RowError};
use watershed_core::{Clock, Timestamp};

use super::find::{Found, find};
use super::follow::follow;
use super::record::{EditionRecord, EditionState, Flag, Record};
use super::verify::Verification;
use super::written::Written;
use crate::feed::Feed;
use crate::nodes::Member;
use crate::projector::{Control, Filling, GroupDefinition, Place, Projector, Watchdog};

/// What a group stands on.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) rows: Arc<dyn RowEditions>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) watchdog: Arc<Watchdog>,
    /// This process among those that share the rows, where there may be others.
    pub(crate) member: Option<Arc<Member>>,
}

/// One edition of a group, kept up by a projector.
pub(crate) struct Edition {
    pub(crate) number: u32,
    pub(crate) definition: Arc<GroupDefinition>,
    pub(crate) projector: Projector,
}

impl Edition {
    /// The place of a view's table, where this edition has it.
    pub(crate) fn place(&self, view: &str) -> Option<Place> {
        self.definition.place(view)
    }
}

/// The editions that are kept up.
struct Kept {
    serving: Arc<Edition>,
    others: Vec<Arc<Edition>>,
}

/// A group of read models with all of its editions.
pub(crate) struct Group {
    pub(super) ground: Ground,
    /// The program's version of the group's fold.
    pub(super) current: Arc<GroupDefinition>,
    /// Those that it replaces: the one before, where the program still has it, and itself without its newest rollups.
    previous: Vec<Arc<GroupDefinition>>,
    /// Held by whoever changes what the ledger says.
    pub(super) record: tokio::sync::Mutex<Record>,
    /// The same, for whoever only looks.
    seen: RwLock<Record>,
    kept: RwLock<Kept>,
    /// The last verification, or the one under way.
    pub(super) verification: Mutex<Option<Verification>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Group {
    /// Opens a group's editions, and has each that is filled kept up.
    pub(crate) async fn start(
        current: GroupDefinition,
        earlier: Option<GroupDefinition>,
        ground: Ground,
    ) -> Result<Arc<Self>, String> {
        let current = Arc::new(current);
        let Found { record, previous } = find(&ground, &current, earlier).await?;
        let mut serving = None;
        let mut others = Vec::new();
        for edition in record.editions.iter().filter(|edition| edition.state.is_kept()) {
            let mut known = previous.iter().chain([&current]);
            // What this program has no code for, others keep up.
            let Some(definition) = known.find(|known| known.version() == edition.version) else { continue };
            let opened = Arc::new(open(&ground, definition, edition).await?);
            if edition.state == EditionState::Serving {
                serving = Some(opened);
            } else {
                others.push(opened);
            }
        }
        // invariant: a settled record has an edition that serves
        let serving = serving.ok_or_else(|| format!("no edition of `{}` serves", current.name()))?;
        publish(&ground, current.name(), serving.number).await;
        let group = Arc::new(Self {
            ground,
            current,
            previous,
            seen: RwLock::new(record.clone()),
            record: tokio::sync::Mutex::new(record.clone()),
            kept: RwLock::new(Kept { serving, others }),
            verification: Mutex::default(),
            tasks: Mutex::default(),
        });
        group.editions().iter().for_each(|edition| group.give_workers(edition));
        group.apply_flag(record.flag);
        // A guest leaves it to whoever keeps the rows.
        let is_guest = group.ground.member.as_ref().is_some_and(|member| member.is_guest());
        for edition in record.editions.iter().filter(|edition| edition.rebuild && !is_guest) {
            let _rebuilding = group.serve_when_caught_up(edition.number);
        }
        if group.ground.member.is_some() {
            tokio::spawn(follow(Arc::downgrade(&group)));
        }
        Ok(group)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.current.name()
    }

    /// The fold of that version, where the program has it.
    pub(super) fn definition(&self, version: &str) -> Option<Arc<GroupDefinition>> {
        let all = std::iter::once(&self.current).chain(&self.previous);
        all.into_iter().find(|definition| definition.version() == version).cloned()
    }

    /// The views that the program knows of the group.
    pub(crate) fn views(&self) -> impl Iterator<Item = &'static str> {
        self.current.views()
    }

    /// The edition that answers.
    pub(crate) fn serving(&self) -> Arc<Edition> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).serving.clone()
    }

    /// What the ledger says.
    pub(crate) fn seen(&self) -> Record {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn flag(&self) -> Flag {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).flag
    }

    pub(crate) fn verification(&self) -> Option<Verification> {
        self.verification.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An edition that is kept up.
    pub(crate) fn edition(&self, number: u32) -> Option<Arc<Edition>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let all = std::iter::once(&kept.serving).chain(&kept.others);
        all.into_iter().find(|edition| edition.number == number).cloned()
    }

    /// All editions that are kept up, the one that serves first.
    pub(crate) fn editions(&self) -> Vec<Arc<Edition>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(&kept.serving).chain(&kept.others).cloned().collect()
    }

    /// Writes the record down, and lets everybody see it.
    pub(super) async fn decide(&self, record: &Record) -> Result<(), String> {
        let written = Written::read(&*self.ground.ledger, self.name()).await?;
        if written.record != self.seen()
            || !written.replace(&*self.ground.ledger, self.name(), record).await?
        {
            return Err(format!(
                "another process has just decided something about the editions of `{}`: look at `views versions`, and try again",
                self.name()
            ));
        }
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = record.clone();
        Ok(())
    }

    /// What the ledger says by now, where another process has written it.
    pub(super) fn set_seen(&self, record: &Record) {
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = record.clone();
    }

    /// Opens an edition that has a record, and has it kept up.
    pub(super) async fn open_edition(
        &self,
        definition: &Arc<GroupDefinition>,
        edition: &EditionRecord,
    ) -> Result<(), String> {
        let opened = Arc::new(open(&self.ground, definition, edition).await?);
        self.give_workers(&opened);
        self.kept.write().unwrap_or_else(PoisonError::into_inner).others.push(opened);
        Ok(())
    }

    /// Has this edition answer from now on.
    pub(super) async fn serve(&self, number: u32) {
        {
            let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
            let Some(place) = kept.others.iter().position(|edition| edition.number == number) else {
                return;
            };
            let next = kept.others.remove(place);
            let before = std::mem::replace(&mut kept.serving, next);
            kept.others.push(before);
        }
        publish(&self.ground, self.name(), number).await;
    }

    /// Keeps an edition up no longer.
    pub(super) fn let_go(&self, number: u32) -> Option<Arc<Edition>> {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let place = kept.others.iter().position(|edition| edition.number == number)?;
        Some(kept.others.remove(place))
    }

    pub(super) fn apply_flag(&self, flag: Flag) {
        for edition in self.editions() {
            let is_paused = edition.projector.progress.checkpoint().status == "paused";
            match flag {
                Flag::Off if !is_paused => edition.projector.tell(Control::Pause),
                _ => {}
            }
        }
    }

    /// Runs until it is done or the group is closed.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(task);
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|task| !task.is_finished());
        tasks.push(handle);
    }

    fn take_tasks(&self) -> Vec<JoinHandle<()>> {
        std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends what is under way with the editions: nothing of it holds the stores any more then.
    pub(crate) async fn end_tasks(&self) {
        for task in self.take_tasks() {
            task.abort();
            // That it was aborted is what was wanted; a panic has been reported where it happened.
            let _ = task.await;
        }
    }

    /// Ends all projectors after what they are folding now, and waits for them.
    pub(crate) fn close(&self) {
        self.take_tasks().iter().for_each(JoinHandle::abort);
        for edition in self.editions() {
            edition.projector.close();
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.ground.clock.now()
    }
}

async fn open(
    ground: &Ground,
    definition: &Arc<GroupDefinition>,
    edition: &EditionRecord,
) -> Result<Edition, String> {
    let number = edition.number;
    let filling = match edition.state {
        EditionState::Serving => Filling::WhenFarBehind,
        _ => Filling::InBulk { rate: edition.rate },
    };
    let store = ground.rows.open(definition.spec(number)).await.map_err(|error| error.to_string())?;
    let (feed, clock, watchdog) = (ground.feed.clone(), ground.clock.clone(), ground.watchdog.clone());
    // A process keeps all editions of a version: what is done with two of them is done in one place.
    let tenure = ground.member.as_ref().map(|member| member.seat(definition.seat()));
    let projector =
        Projector::start(definition.clone(), store, feed, clock, watchdog, filling, tenure).await?;
    Ok(Edition { number, definition: definition.clone(), projector })
}

pub(super) async fn remove(ground: &Ground, group: &str, number: u32) -> Result<(), RowError> {
    ground.rows.remove(group, number).await
}

/// For tools that read the rows by themselves. Nothing of ours depends on it.
async fn publish(ground: &Ground, group: &str, number: u32) {
    if let Err(error) = ground.rows.publish(group, number).await {
        tracing::warn!(group, edition = number, %error, "tools are not led to the edition that serves");
    }
}
