//! An append with everything made ready that does not depend on where it will stand: done by the caller, not the writer.

use std::sync::Arc;

use watershed_core::ports::{Append, Expected, Idempotency, Line, NewEvent, Save};
use watershed_core::{Position, StreamId, Tag, Tenant, Timestamp};
use watershed_store::{FAR, tag_texts};

use super::lists::{ListId, Lists};

/// An append on its way to the writer.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) tenant: Tenant,
    pub(crate) stream: StreamId,
    pub(crate) list: ListId,
    pub(crate) expected: Expected,
    pub(crate) conditions: Vec<PreparedCondition>,
    pub(crate) save: Option<Save>,
    pub(crate) line: Option<Line>,
    pub(crate) idempotency: Option<(ListId, Idempotency)>,
    pub(crate) looked_until: Position,
    pub(crate) events: Vec<PreparedEvent>,
    pub(crate) recorded_at: Timestamp,
    pub(crate) actor: Option<Arc<str>>,
    pub(crate) correlation: Option<Arc<str>>,
    pub(crate) causation: Option<Arc<str>>,
    pub(crate) traceparent: Option<Arc<str>>,
}

/// What must not have come.
#[derive(Debug)]
pub(crate) struct PreparedCondition {
    pub(crate) lists: Vec<ListId>,
    pub(crate) names: Vec<&'static str>,
    pub(crate) after: Position,
}

/// An event on its way to the writer.
#[derive(Debug)]
pub(crate) struct PreparedEvent {
    pub(crate) event: NewEvent,
    /// The lists of its tags, in their order.
    pub(crate) lists: Vec<ListId>,
    /// The tags as `name:value`.
    pub(crate) texts: Vec<Box<str>>,
    /// The tags as they are stored.
    pub(crate) json: Option<Box<str>>,
}

impl Prepared {
    pub(crate) fn new(append: Append, lists: &Lists) -> Self {
        let tenant = append.tenant.as_str();
        let tag_lists = |tags: &[Tag]| tags.iter().map(|tag| lists.tag(tenant, tag)).collect();
        let conditions = append.conditions.into_iter().map(|condition| PreparedCondition {
            lists: tag_lists(&condition.boundary.tags),
            names: condition.boundary.names,
            after: condition.after.min(FAR),
        });
        let conditions = conditions.collect();
        let idempotency =
            append.idempotency.map(|idempotency| (lists.key(tenant, &idempotency.key), idempotency));
        let events =
            append.events.into_iter().map(|event| PreparedEvent::new(event, tenant, lists)).collect();
        Self {
            list: lists.stream(&append.tenant, &append.stream),
            stream: append.stream,
            expected: append.expected,
            conditions,
            save: append.save,
            line: append.line,
            idempotency,
            looked_until: append.looked_until,
            events,
            recorded_at: append.recorded_at,
            actor: append.actor,
            correlation: append.correlation,
            causation: append.causation,
            traceparent: append.traceparent,
            tenant: append.tenant,
        }
    }
}

impl PreparedEvent {
    fn new(event: NewEvent, tenant: &str, lists: &Lists) -> Self {
        let (texts, json) = tag_texts(&event.tags);
        Self { lists: texts.iter().map(|text| lists.tag_named(tenant, text)).collect(), json, texts, event }
    }
}
