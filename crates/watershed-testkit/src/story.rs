//! What happened, told as a test tells it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use watershed_core::{Event, StoredEvent, StreamId, Tenant, Timestamp, Version};

use crate::given::START;
use crate::record::{Place, Said, said, stored};

/// A log in memory, told event by event. Positions and versions follow from the order of the telling; time stands still
/// until it is moved.
///
/// ```ignore
/// Story::new()
///     .on("fam-1", FamilyEvent::Enrolled { .. })
///     .later(days(3))
///     .on("fam-1", FamilyEvent::PaymentReceived { .. })
/// ```
#[derive(Debug, Clone)]
pub struct Story {
    events: Vec<Arc<StoredEvent>>,
    versions: HashMap<(Tenant, StreamId), Version>,
    now: Timestamp,
    tenant: Tenant,
    actor: Option<Arc<str>>,
}

impl Default for Story {
    fn default() -> Self {
        Self::new()
    }
}

impl Story {
    /// A story that starts at 2024-01-01T00:00:00Z, in the default tenant.
    #[must_use]
    pub fn new() -> Self {
        Self {
            events: Vec::new(),
            versions: HashMap::new(),
            now: START,
            tenant: Tenant::default(),
            actor: None,
        }
    }

    /// What follows happens at that time, until time is moved again. The log does not mind times that go backwards.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// What follows happens so much later.
    #[must_use]
    pub fn later(mut self, by: Duration) -> Self {
        self.now = self.now.plus(by);
        self
    }

    /// What follows happens in that tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = tenant;
        self
    }

    /// What follows is caused by that principal.
    #[must_use]
    pub fn by(mut self, actor: &str) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// This happens to the thing of that id, in the stream of the event's category.
    #[must_use]
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a test writes the event where it happens")]
    pub fn on<E: Event>(self, id: &str, event: E) -> Self {
        self.record(StreamId::new(E::CATEGORY, id), said(&event))
    }

    /// An event stands in the log as another program wrote it: of an older schema, of a name that this program does not
    /// know, or with data that does not fit.
    #[must_use]
    pub fn raw(self, stream: StreamId, name: &str, schema: u32, data: &serde_json::Value) -> Self {
        let said = Said {
            name: name.into(),
            schema,
            payload: data.to_string().into_bytes().into(),
            tags: Vec::new(),
        };
        self.record(stream, said)
    }

    /// The events, in the order of the log.
    #[must_use]
    pub fn events(&self) -> &[Arc<StoredEvent>] {
        &self.events
    }

    fn record(mut self, stream: StreamId, said: Said) -> Self {
        let version = self.versions.entry((self.tenant.clone(), stream.clone())).or_default();
        *version += 1;
        let place = Place {
            position: self.events.len() as u64 + 1,
            tenant: self.tenant.clone(),
            stream,
            version: *version,
            recorded_at: self.now,
            actor: self.actor.clone(),
        };
        self.events.push(Arc::new(stored(said, place)));
        self
    }
}

/// Something of which a [`Story`] can be made: a story, or a list of ids with what happened to them.
pub trait IntoStory {
    /// The story.
    fn into_story(self) -> Story;
}

impl IntoStory for Story {
    fn into_story(self) -> Story {
        self
    }
}

impl IntoStory for &Story {
    fn into_story(self) -> Story {
        self.clone()
    }
}

impl<E: Event, const N: usize> IntoStory for [(&str, E); N] {
    #[track_caller]
    fn into_story(self) -> Story {
        self.into_iter().fold(Story::new(), |story, (id, event)| story.on(id, event))
    }
}

impl<E: Event> IntoStory for Vec<(&str, E)> {
    #[track_caller]
    fn into_story(self) -> Story {
        self.into_iter().fold(Story::new(), |story, (id, event)| story.on(id, event))
    }
}
