//! Names of lists: a stream, a tag or an idempotency key of a tenant, in 16 bytes.

use watershed_core::{StreamId, Tag, Tenant};

/// Names a list of positions. A keyed hash, so that nobody outside can make two lists share a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ListId(pub(crate) u128);

impl ListId {
    /// The id's bytes, which sort as the ids do.
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

/// Names the lists of one log.
#[derive(Clone)]
pub(crate) struct Lists {
    key: [u8; 32],
}

const STREAM: u8 = 1;
const TAG: u8 = 2;
const IDEMPOTENCY_KEY: u8 = 3;

impl Lists {
    pub(crate) fn of_log(log: &[u8; 16]) -> Self {
        Self { key: blake3::derive_key("watershed index 2026 names of lists", log) }
    }

    pub(crate) fn stream(&self, tenant: &Tenant, stream: &StreamId) -> ListId {
        self.stream_named(tenant.as_str(), &stream.category, &stream.id)
    }

    pub(crate) fn stream_named(&self, tenant: &str, category: &str, id: &str) -> ListId {
        self.name(STREAM, tenant, category, id)
    }

    pub(crate) fn tag(&self, tenant: &str, tag: &Tag) -> ListId {
        self.tag_named(tenant, &tag.to_string())
    }

    /// The list of the tag that is stored as `text`, which is `name:value`.
    pub(crate) fn tag_named(&self, tenant: &str, text: &str) -> ListId {
        self.name(TAG, tenant, "", text)
    }

    pub(crate) fn key(&self, tenant: &str, key: &str) -> ListId {
        self.name(IDEMPOTENCY_KEY, tenant, "", key)
    }

    fn name(&self, kind: u8, tenant: &str, first: &str, second: &str) -> ListId {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        let mut lengths = [kind; 17];
        lengths[1..9].copy_from_slice(&(tenant.len() as u64).to_le_bytes());
        lengths[9..].copy_from_slice(&(first.len() as u64).to_le_bytes());
        hasher.update(&lengths);
        hasher.update(tenant.as_bytes());
        hasher.update(first.as_bytes());
        hasher.update(second.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        ListId(u128::from_be_bytes(id))
    }
}

impl std::fmt::Debug for Lists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lists")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_kinds_and_logs_never_share_a_list() {
        let lists = Lists::of_log(&[1; 16]);
        let names = [
            lists.key("a", "bc"),
            lists.key("ab", "c"),
            lists.tag_named("a", "bc"),
            lists.stream_named("a", "b", "c"),
            lists.stream_named("a", "", "bc"),
            lists.stream_named("a", "bc", ""),
            Lists::of_log(&[2; 16]).key("a", "bc"),
        ];
        for (at, left) in names.iter().enumerate() {
            assert!(names[..at].iter().all(|right| left != right), "{at}");
        }
    }
}
