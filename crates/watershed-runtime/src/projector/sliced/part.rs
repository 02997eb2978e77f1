use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::runtime::Handle;
use watershed_core::Clock;
use watershed_core::ports::{RowChange, RowGroup};

use crate::feed::FeedEvent;
use crate::projector::fold::Touch;
use crate::projector::folding::Folding;
use crate::projector::insistent::Insistent;
use crate::projector::live::Live;
use crate::projector::model::{AnyModel, ApplyFailure, panic_text};
use crate::projector::parking::Parked;
use crate::projector::trouble::Trouble;
use crate::projector::{GroupDefinition, Progress};

/// What every worker of a group has at hand.
#[derive(Clone)]
pub(super) struct Ground {
    pub(super) group: &'static str,
    definition: Arc<GroupDefinition>,
    store: Arc<dyn RowGroup>,
    clock: Arc<dyn Clock>,
    runtime: Handle,
    progress: Arc<Progress>,
    closing: Arc<AtomicBool>,
}

impl Ground {
    pub(super) fn of(live: &Live) -> Self {
        Self {
            group: live.definition.name(),
            definition: live.definition.clone(),
            store: live.store.clone(),
            clock: live.clock.clone(),
            runtime: live.runtime.clone(),
            progress: live.progress.clone(),
            closing: live.closing.clone(),
        }
    }

    fn folding<'a>(&'a self, model: &'a mut Box<dyn AnyModel>, parked: &'a mut Parked) -> Folding<'a> {
        let Self { group, definition, store, clock, runtime, progress, closing } = self;
        let store = Insistent { group, store, runtime, progress, closing };
        Folding { models: std::slice::from_mut(model), parked, definition, store, clock }
    }
}

/// A part of a span's work: all that concerns the rows of one part of the model.
pub(super) struct Part {
    pub(super) model: Box<dyn AnyModel>,
    /// Which of its keys are parked.
    pub(super) parked: Parked,
    pub(super) touches: Vec<Touch>,
    /// The whole span, for all.
    pub(super) events: Arc<[FeedEvent]>,
    pub(super) unreadable: Arc<[ApplyFailure]>,
}

/// A part that has been folded.
pub(super) struct Folded {
    pub(super) model: Box<dyn AnyModel>,
    pub(super) parked: Parked,
    pub(super) changes: Vec<RowChange>,
}

impl Part {
    /// Folds it, and gathers what has changed. A fold that fails or panics parks its key; any other panic is this part's trouble,
    /// and takes down nobody's thread.
    pub(super) fn fold(self, ground: &Ground) -> Result<Folded, Trouble> {
        let fold = || {
            let Self { mut model, mut parked, touches, events, unreadable } = self;
            ground.folding(&mut model, &mut parked).fold(&events, &touches, &unreadable)?;
            let changes = model.changes().map_err(Trouble::Stop)?;
            Ok(Folded { model, parked, changes })
        };
        // What a panic leaves half-changed is dropped with it.
        std::panic::catch_unwind(AssertUnwindSafe(fold))
            .unwrap_or_else(|panic| Err(Trouble::Stop(panic_text(&*panic))))
    }
}
