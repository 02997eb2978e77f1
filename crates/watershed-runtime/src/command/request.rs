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

/// The builder methods of whatever is sent or recorded: what they say goes into the field `request`.
macro_rules! says_beside {
    () => {
        /// Takes effect once, however often it comes with this key: unique within the tenant, among everything that has one.
        pub fn key(mut self, key: impl Into<std::sync::Arc<str>>) -> Self {
            self.request.key = Some(key.into());
            self
        }

        /// Is taken only if the stream is at this version; 0 for "must be new".
        pub fn expect_version(mut self, version: watershed_core::Version) -> Self {
            self.request.expected = Some(version);
            self
        }

        /// Comes from this principal, for their tenant.
        pub fn by(mut self, principal: impl Into<std::sync::Arc<watershed_core::Principal>>) -> Self {
            self.request.principal = principal.into();
            self
        }

        /// Belongs to this.
        pub fn correlation(mut self, correlation: impl Into<std::sync::Arc<str>>) -> Self {
            self.request.correlation = Some(correlation.into());
            self
        }

        /// Was caused by this.
        pub fn causation(mut self, causation: impl Into<std::sync::Arc<str>>) -> Self {
            self.request.causation = Some(causation.into());
            self
        }
    };
}

pub(crate) use says_beside;
