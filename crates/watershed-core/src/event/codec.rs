use std::any::Any;
use std::sync::Arc;

use super::{Event, Recorded, StoredEvent};
use crate::variant::{Reading, WriteError, read_variant, write_variant};

/// A decoded event whose type the holder has put aside: in fact a `Recorded<E>`.
pub type AnyEvent = Arc<dyn Any + Send + Sync>;

/// Decodes the events of one enum for holders that have put its type aside.
pub type Decoder = fn(&StoredEvent) -> Result<AnyEvent, DecodeError>;

/// A stored event that this program cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No variant of the enum bears the name.
    #[error("event {position}: this program knows no event `{name}`")]
    UnknownName {
        /// Where the event stands.
        position: u64,
        /// The name that it bears.
        name: Arc<str>,
    },
    /// A newer program wrote it.
    #[error("event {position}: `{name}` has schema {found}, this program knows schemas up to {known}")]
    NewerSchema {
        /// Where the event stands.
        position: u64,
        /// The name that it bears.
        name: Arc<str>,
        /// The schema that it was written in.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// Its data does not fit its shape.
    #[error("event {position}: `{name}` does not fit its shape: {problem}")]
    Malformed {
        /// Where the event stands.
        position: u64,
        /// The name that it bears.
        name: Arc<str>,
        /// What is wrong, and where.
        problem: String,
    },
}

/// The data of `event` as JSON.
///
/// # Errors
/// Where a field cannot be written as JSON (a map whose keys are no texts, for instance).
pub fn encode<E: Event>(event: &E) -> Result<Box<[u8]>, WriteError> {
    let mut payload = Vec::with_capacity(192);
    write_variant(event, &mut payload)?;
    Ok(payload.into_boxed_slice())
}

/// Reads `stored` as an event of `E`, brought up to the present schema first.
///
/// # Errors
/// Where the name or the schema is unknown to this program, or the data does not fit.
pub fn decode<E: Event>(stored: &StoredEvent) -> Result<Recorded<E>, DecodeError> {
    let Some(kind) = E::KINDS.iter().find(|kind| *kind.name == *stored.name) else {
        return Err(DecodeError::UnknownName { position: stored.position, name: stored.name.clone() });
    };
    if stored.schema > kind.schema {
        return Err(DecodeError::NewerSchema {
            position: stored.position,
            name: stored.name.clone(),
            found: stored.schema,
            known: kind.schema,
        });
    }
    let malformed = |problem: String| DecodeError::Malformed {
        position: stored.position,
        name: stored.name.clone(),
        problem,
    };
    let data = if stored.schema == kind.schema {
        read_variant(kind.variant, &stored.payload, Reading::default())
            .map_err(|error| malformed(error.to_string()))?
    } else {
        let mut json =
            serde_json::from_slice(&stored.payload).map_err(|error| malformed(error.to_string()))?;
        let passed = usize::try_from(stored.schema.saturating_sub(1)).unwrap_or(usize::MAX);
        for upcast in kind.upcasts.iter().skip(passed) {
            json = upcast(json);
        }
        read_variant(kind.variant, json.to_string().as_bytes(), Reading::default())
            .map_err(|error| malformed(error.to_string()))?
    };
    Ok(Recorded::new(stored.envelope.clone(), data))
}

/// [`decode`], with the type put aside.
pub(crate) fn decode_any<E: Event>(stored: &StoredEvent) -> Result<AnyEvent, DecodeError> {
    decode::<E>(stored).map(|event| Arc::new(event) as AnyEvent)
}
