use std::sync::Arc;

use watershed_core::{Principal, Version};

/// What a caller says beside the command itself.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Who asks.
    pub principal: Arc<Principal>,
    /// Makes the command take effect once, however often it is sent: unique within the tenant.
    pub key: Option<Arc<str>>,
    /// The version that the caller has seen; the command is taken only if the stream is still there. 0 for "must be new".
    pub expected: Option<Version>,
    /// What the command belongs to, as its first cause named it.
    pub correlation: Option<Arc<str>>,
    /// What caused the command: the id of an event or another command.
    pub causation: Option<Arc<str>>,
    /// The W3C trace context.
    pub traceparent: Option<Arc<str>>,
}
