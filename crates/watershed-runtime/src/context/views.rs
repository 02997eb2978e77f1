use std::sync::Arc;

use super::catalogue::ViewKind;
use crate::projector::Projector;
use crate::query::{ErasedView, Promise, Stand};

/// A view of a running context.
pub(crate) struct RunningView {
    pub(crate) name: &'static str,
    pub(crate) kind: ViewKind,
    pub(crate) view: Arc<dyn ErasedView>,
    pub(crate) stand: Stand,
    pub(crate) promise: Promise,
}

impl RunningView {
    pub(crate) fn projector(&self) -> Option<&Arc<Projector>> {
        match &self.stand {
            Stand::Projected { projector, .. } => Some(projector),
            Stand::Current { .. } => None,
        }
    }
}
