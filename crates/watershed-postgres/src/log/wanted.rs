//! What the appends of a group want to know.

use std::collections::HashMap;

use uuid::Uuid;
use watershed_core::Version;
use watershed_core::ports::Expected;

use super::prepared::Queued;

#[derive(Default)]
pub(super) struct Wanted {
    /// The streams, with the version that the first append to each expects.
    pub(super) expected: HashMap<Uuid, Option<Version>>,
    /// The idempotency keys, and the places of the appends whose keys these are.
    pub(super) keys: Vec<Uuid>,
    pub(super) key_of: Vec<usize>,
    /// The tags that may be used once.
    pub(super) tags: Vec<Uuid>,
}

impl Wanted {
    pub(super) fn of(appends: &[Queued]) -> Self {
        let mut wanted = Self::default();
        for (place, Queued { append, .. }) in appends.iter().enumerate() {
            wanted.expected.entry(append.stream).or_insert(match append.append.expected {
                Expected::Any => None,
                Expected::Version(version) => Some(version),
            });
            if let Some(key) = append.key {
                wanted.keys.push(key);
                wanted.key_of.push(place);
            }
            for (event, tags) in append.append.events.iter().zip(&append.tags) {
                let once = event.tags.iter().zip(&tags.lists).filter(|(tag, _)| tag.once);
                wanted.tags.extend(once.map(|(_, list)| *list));
            }
        }
        wanted
    }

    /// Those of the streams whose version is not known, and is to be asked for by what those who append say of it.
    pub(super) fn unknown(
        &self,
        is_known: impl Fn(&Uuid) -> bool,
        is_asked: impl Fn(Option<Version>) -> bool,
    ) -> Vec<Uuid> {
        let unknown = self.expected.iter().filter(|(stream, said)| is_asked(**said) && !is_known(stream));
        unknown.map(|(stream, _)| *stream).collect()
    }
}
