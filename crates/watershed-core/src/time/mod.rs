//! Points in time as domains use them: a [`Timestamp`], a [`Date`], a [`Month`].
//!
//! They are our own types so that no calendar library is part of the public interface.
//! Nothing here reads a clock: the current time comes in through [`crate::Clock`].

mod date;
mod month;
mod timestamp;

pub use date::Date;
pub use month::Month;
pub use timestamp::Timestamp;

/// A text that is not the date, month or timestamp that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what} (write {example})")]
pub struct ParseTimeError {
    text: String,
    what: &'static str,
    example: &'static str,
}

impl ParseTimeError {
    pub(crate) fn new(text: &str, what: &'static str, example: &'static str) -> Self {
        Self { text: text.chars().take(40).collect(), what, example }
    }
}

/// Serialises a type as its text form, reads it back with `FromStr`, and describes it in JSON Schema
/// as a string of the given format.
macro_rules! text_form {
    ($type:ty, $format:literal, $example:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": $format, "examples": [$example] })
            }
        }
    };
}
pub(crate) use text_form;

#[cfg(test)]
mod tests;
