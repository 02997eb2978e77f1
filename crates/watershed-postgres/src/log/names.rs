//! What stands for names in the indexes: names may be longer than an index takes.

use uuid::Uuid;
use watershed_core::{StreamId, Tenant};

/// A stream's.
pub(crate) fn stream(tenant: &Tenant, stream: &StreamId) -> Uuid {
    of("watershed postgres 2026 stream", &[tenant.as_str(), &stream.category, &stream.id])
}

/// An idempotency key's.
pub(crate) fn key(tenant: &Tenant, key: &str) -> Uuid {
    of("watershed postgres 2026 idempotency key", &[tenant.as_str(), key])
}

/// That of a tag, given as `name:value`.
pub(crate) fn tag(tenant: &Tenant, tag: &str) -> Uuid {
    of("watershed postgres 2026 tag", &[tenant.as_str(), tag])
}

/// Those of an event's tags, as its column has them.
pub(crate) fn tags(tenant: &Tenant, column: Option<&str>) -> Result<Vec<Uuid>, serde_json::Error> {
    let tags: Vec<Box<str>> = column.map_or(Ok(Vec::new()), serde_json::from_str)?;
    Ok(tags.iter().map(|text| tag(tenant, text)).collect())
}

fn of(context: &'static str, texts: &[&str]) -> Uuid {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Uuid::from_bytes(bytes)
}
