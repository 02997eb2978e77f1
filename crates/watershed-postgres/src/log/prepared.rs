//! An append with everything made ready that does not depend on where it will stand.

use uuid::Uuid;
use watershed_core::ports::{Append, AppendError, LogError};
use watershed_core::{Position, Tenant};
use watershed_store::{Answer, FAR, tag_texts};

use super::names;

/// One that waits.
pub(crate) type Queued = watershed_store::Queued<Prepared>;

/// Whether it was decided upon what others have changed meanwhile.
pub(crate) fn is_beaten(answer: &Answer) -> bool {
    use AppendError::{BoundaryMoved, Conflict, StateMoved};
    matches!(answer, Err(Conflict { .. } | BoundaryMoved { .. } | StateMoved { .. }))
}

/// Answers an append; what was decided upon one that is refused is refused from then on.
pub(crate) fn tell(queued: Queued, answer: Answer) {
    if let (Err(_), Some(line)) = (&answer, &queued.append.append.line) {
        line.break_off();
    }
    let _ = queued.answer.send(answer);
}

/// An append on its way to the log.
pub(crate) struct Prepared {
    pub(crate) append: Append,
    pub(crate) stream: Uuid,
    pub(crate) key: Option<Uuid>,
    pub(crate) conditions: Vec<Boundary>,
    pub(crate) tags: Vec<Tags>,
    /// How many events come after the first.
    pub(crate) follows: u32,
}

/// What must not have come.
pub(crate) struct Boundary {
    pub(crate) tags: Vec<Uuid>,
    pub(crate) names: Vec<&'static str>,
    pub(crate) after: Position,
}

/// The tags of an event.
pub(crate) struct Tags {
    pub(crate) lists: Vec<Uuid>,
    pub(crate) json: Option<Box<str>>,
}

impl Prepared {
    pub(crate) fn new(append: Append) -> Result<Self, AppendError> {
        check_texts(&append)?;
        let follows = u32::try_from(append.events.len().saturating_sub(1)).map_err(|_| {
            AppendError::ReadOnly("an append holds more events than can be counted".to_owned())
        })?;
        let tenant = &append.tenant;
        Ok(Self {
            follows,
            stream: names::stream(tenant, &append.stream),
            key: append.idempotency.as_ref().map(|idempotency| names::key(tenant, &idempotency.key)),
            conditions: append
                .conditions
                .iter()
                .map(|condition| Boundary::new(tenant, &condition.boundary, condition.after))
                .collect(),
            tags: append.events.iter().map(|event| Tags::new(tenant, &event.tags)).collect(),
            append,
        })
    }
}

impl Boundary {
    pub(crate) fn new(tenant: &Tenant, boundary: &watershed_core::Boundary, after: Position) -> Self {
        let mut tags: Vec<Uuid> =
            boundary.tags.iter().map(|tag| names::tag(tenant, &tag.to_string())).collect();
        tags.sort_unstable();
        tags.dedup();
        Self { tags, names: boundary.names.clone(), after: after.min(FAR) }
    }

    /// Whether it matches, for `tenant`, an event of that other tenant with that name and these tags.
    pub(crate) fn matches(&self, tenant: &Tenant, of: &Tenant, name: &str, lists: &[Uuid]) -> bool {
        of == tenant
            && (self.names.is_empty() || self.names.contains(&name))
            && self.tags.iter().all(|tag| lists.contains(tag))
    }
}

impl Tags {
    fn new(tenant: &Tenant, tags: &[watershed_core::Tag]) -> Self {
        let (texts, json) = tag_texts(tags);
        Self { lists: texts.iter().map(|text| names::tag(tenant, text)).collect(), json }
    }
}

/// PostgreSQL's texts hold everything but NUL. One append's must not fail those that are committed with it.
fn check_texts(append: &Append) -> Result<(), AppendError> {
    let key = append.idempotency.as_ref().map(|idempotency| &*idempotency.key);
    let of_append = [
        Some(&*append.stream.category),
        Some(&*append.stream.id),
        key,
        append.actor.as_deref(),
        append.correlation.as_deref(),
        append.causation.as_deref(),
        append.traceparent.as_deref(),
    ];
    let of_events = append.events.iter().map(|event| std::str::from_utf8(&event.payload));
    let is_fine = of_append.into_iter().flatten().all(|text| !text.contains('\0'))
        && of_events.into_iter().all(|text| text.is_ok_and(|text| !text.contains('\0')));
    if is_fine {
        return Ok(());
    }
    Err(AppendError::Unreadable(LogError::Store(
        "PostgreSQL keeps no text with the character NUL, and no payload that is not UTF-8".to_owned(),
    )))
}
