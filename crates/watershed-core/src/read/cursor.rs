use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::{Decimal, Timestamp, Value};

/// Where a page ended: the last row's values of the columns that it was sorted by, and its key. Opaque to callers.
///
/// Names what it was made for (log, tenant, view, order, as the maker sees fit), so that it cannot be taken for a cursor of another question.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// A hash of what it was made for.
    pub scope: u64,
    /// The last row's values of the sorted columns.
    pub values: Vec<Value>,
    /// The last row's key.
    pub key: String,
}

/// A text that is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor: pass the text of `next` unchanged, with the same filters and sorting")]
pub struct CursorError;

impl Cursor {
    /// The scope that stands for `parts`.
    #[must_use]
    pub fn scope_of(parts: &[&[u8]]) -> u64 {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut scope = [0; 8];
        hasher.finalize_xof().fill(&mut scope);
        u64::from_be_bytes(scope)
    }
}

/// The cursor's content, in the form that is encoded.
#[derive(Serialize, Deserialize)]
struct Content(u64, Vec<Stored>, String);

#[derive(Serialize, Deserialize)]
enum Stored {
    N,
    B(bool),
    I(i64),
    R(f64),
    D(Decimal),
    T(String),
    M(i64),
}

impl From<&Value> for Stored {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::N,
            Value::Bool(value) => Self::B(*value),
            Value::Int(value) => Self::I(*value),
            Value::Real(value) => Self::R(*value),
            Value::Decimal(value) => Self::D(*value),
            Value::Text(value) | Value::Json(value) => Self::T(value.to_string()),
            Value::Timestamp(value) => Self::M(value.as_micros()),
        }
    }
}

impl From<Stored> for Value {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::N => Self::Null,
            Stored::B(value) => Self::Bool(value),
            Stored::I(value) => Self::Int(value),
            Stored::R(value) => Self::Real(value),
            Stored::D(value) => Self::Decimal(value),
            Stored::T(value) => Self::Text(value.into()),
            Stored::M(micros) => Self::Timestamp(Timestamp::from_micros(micros)),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = Content(self.scope, self.values.iter().map(Stored::from).collect(), self.key.clone());
        let json = serde_json::to_vec(&content).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let Content(scope, values, key) = serde_json::from_slice(&json).map_err(|_| CursorError)?;
        Ok(Self { scope, values: values.into_iter().map(Value::from).collect(), key })
    }
}

impl Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Cursor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "watershed-cursor" })
    }
}
