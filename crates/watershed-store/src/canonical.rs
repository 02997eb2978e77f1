//! What is checked: an event's columns as bytes, its checksum, and the links between commits.

/// The stored columns of an event, except its checksum and link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventRow<'a> {
    /// Index in the log.
    pub position: u64,
    /// The event's name for the world outside: 16 bytes.
    pub id: &'a [u8],
    /// Whose event it is.
    pub tenant: &'a str,
    /// The category of its stream.
    pub category: &'a str,
    /// The id of its stream within the category.
    pub stream: &'a str,
    /// Index in the stream.
    pub version: u64,
    /// Its frozen name.
    pub name: &'a str,
    /// The number of its shape.
    pub schema: u32,
    /// Its data, a JSON object.
    pub payload: &'a [u8],
    /// When the log took it, in microseconds since 1970.
    pub recorded_at: i64,
    /// Who caused it.
    pub actor: Option<&'a str>,
    /// What it belongs to.
    pub correlation: Option<&'a str>,
    /// What caused it.
    pub causation: Option<&'a str>,
    /// The W3C trace context.
    pub traceparent: Option<&'a str>,
    /// A JSON array of `name:value`; none where there are none.
    pub tags: Option<&'a str>,
    /// The idempotency key; this and the next two stand on the first event of an append.
    pub idem_key: Option<&'a str>,
    /// What the command says.
    pub fingerprint: Option<&'a [u8]>,
    /// How many events of the same append come after it.
    pub follows: Option<u32>,
    /// The key that the payload is encrypted with.
    pub key_id: Option<&'a str>,
}

/// The number of this way of writing columns as bytes.
const FORM: u8 = 1;

impl EventRow<'_> {
    /// Appends the columns to `out`: numbers in little-endian order, then the length of each text (one more than it is,
    /// so that 0 stands for none), then the texts. No two different rows give the same bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let texts = [
            Some(self.id),
            Some(self.tenant.as_bytes()),
            Some(self.category.as_bytes()),
            Some(self.stream.as_bytes()),
            Some(self.name.as_bytes()),
            Some(self.payload),
            self.actor.map(str::as_bytes),
            self.correlation.map(str::as_bytes),
            self.causation.map(str::as_bytes),
            self.traceparent.map(str::as_bytes),
            self.tags.map(str::as_bytes),
            self.idem_key.map(str::as_bytes),
            self.fingerprint,
            self.key_id.map(str::as_bytes),
        ];
        let mut head = [0; 1 + 8 + 8 + 4 + 8 + 8 + 14 * 4];
        head[0] = FORM;
        head[1..9].copy_from_slice(&self.position.to_le_bytes());
        head[9..17].copy_from_slice(&self.version.to_le_bytes());
        head[17..21].copy_from_slice(&self.schema.to_le_bytes());
        head[21..29].copy_from_slice(&self.recorded_at.to_le_bytes());
        let follows = self.follows.map_or(0, |follows| u64::from(follows) + 1);
        head[29..37].copy_from_slice(&follows.to_le_bytes());
        for (text, place) in texts.iter().zip(head[37..].chunks_exact_mut(4)) {
            let length = text.map_or(0, |text| u32::try_from(text.len()).map_or(u32::MAX, |len| len + 1));
            place.copy_from_slice(&length.to_le_bytes());
        }
        out.extend_from_slice(&head);
        for text in texts.into_iter().flatten() {
            out.extend_from_slice(text);
        }
    }
}

/// The checksum of an event whose columns are these bytes. Finds accidents; forgery is what [`Link`]s are for.
#[must_use]
pub fn checksum(columns: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(columns)
}

/// Stands for everything in the log up to the end of a commit.
pub type Link = [u8; 32];

/// The link before the first commit of the log with this id.
#[must_use]
pub fn first_link(log: &[u8; 16]) -> Link {
    blake3::derive_key("watershed log 2026 first link", log)
}

/// The link of a commit whose events' columns are these bytes, one event after the other.
#[must_use]
pub fn next_link(previous: &Link, columns: &[u8]) -> Link {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous).update(columns);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>() -> EventRow<'a> {
        EventRow {
            position: 7,
            id: &[1; 16],
            tenant: "t",
            category: "family",
            stream: "fam-1",
            version: 2,
            name: "enrolled",
            schema: 1,
            payload: b"{}",
            recorded_at: -5,
            actor: None,
            correlation: None,
            causation: None,
            traceparent: None,
            tags: None,
            idem_key: None,
            fingerprint: None,
            follows: None,
            key_id: None,
        }
    }

    fn bytes(row: &EventRow<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        row.encode(&mut out);
        out
    }

    #[test]
    fn no_two_different_rows_have_the_same_bytes() {
        let rows = [
            row(),
            EventRow { tenant: "tf", category: "amily", ..row() },
            EventRow { actor: Some(""), ..row() },
            EventRow { correlation: Some(""), ..row() },
            EventRow { follows: Some(0), ..row() },
            EventRow { fingerprint: Some(b"a"), ..row() },
            EventRow { idem_key: Some("a"), ..row() },
            EventRow { key_id: Some("a"), ..row() },
            EventRow { position: 2, version: 7, ..row() },
            EventRow { payload: b"{} ", ..row() },
        ];
        for (at, left) in rows.iter().enumerate() {
            for right in &rows[..at] {
                assert_ne!(bytes(left), bytes(right));
            }
        }
    }

    #[test]
    fn a_link_rests_on_the_one_before() {
        let columns = bytes(&row());
        let first = first_link(&[1; 16]);
        assert_ne!(first, first_link(&[2; 16]));
        assert_ne!(next_link(&first, &columns), next_link(&first_link(&[2; 16]), &columns));
    }
}
