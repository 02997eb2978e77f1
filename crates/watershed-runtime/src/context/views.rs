use std::sync::Arc;

use super::catalogue::ViewKind;
use crate::query::{ErasedView, Promise, Stand};

/// A view of a running context.
pub(crate) struct RunningView {
    pub(crate) name: &'static str,
    pub(crate) kind: ViewKind,
    pub(crate) view: Arc<dyn ErasedView>,
    pub(crate) stand: Stand,
    pub(crate) promise: Promise,
}
