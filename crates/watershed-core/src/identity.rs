//! Who and where: tenants, logs, contexts, event ids.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Whose data it is. Leads every key, token, cursor and idempotency record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// The longest name of a tenant, in bytes.
    pub const MAX_LEN: usize = 128;

    /// The tenant of that name; `None` where the name is empty, longer than [`Tenant::MAX_LEN`] or holds control characters.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let fits = !name.is_empty() && name.len() <= Self::MAX_LEN && !name.chars().any(char::is_control);
        fits.then(|| Self(name.into()))
    }

    /// A name that a store already holds, taken as it stands.
    #[must_use]
    pub fn stored(name: Arc<str>) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Tenant {
    /// The tenant of systems that have only one: `default`.
    fn default() -> Self {
        use std::sync::OnceLock;
        static DEFAULT: OnceLock<Tenant> = OnceLock::new();
        DEFAULT.get_or_init(|| Self("default".into())).clone()
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of one recorded event, the same wherever the event goes. Rises with time (UUID version 7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct EventId(Uuid);

impl EventId {
    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The id's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id of an event recorded at `micros` since 1970 with these random bits.
    #[must_use]
    pub fn at(micros: i64, random: [u8; 10]) -> Self {
        let millis = u64::try_from(micros / 1_000).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Which log it is, and which life of it: restore and failover raise the epoch, so that positions handed out
/// before cannot be taken for positions of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LogIdentity {
    /// Names the log for ever.
    pub id: Uuid,
    /// Raised by restore and failover.
    pub epoch: u32,
}

/// Index in the log, contiguous from 1. `0` is the position before the first event.
pub type Position = u64;

/// Index in one stream, contiguous from 1. `0` is the version of a stream without events.
pub type Version = u64;

/// Names a stream within a tenant: the category of its events and the id of the thing they happened to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// What kind of thing: `family`.
    pub category: Arc<str>,
    /// Which one: `fam-42`.
    pub id: Arc<str>,
}

impl StreamId {
    /// The stream of `id` in `category`.
    pub fn new(category: impl Into<Arc<str>>, id: impl Into<Arc<str>>) -> Self {
        Self { category: category.into(), id: id.into() }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.category, self.id)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
