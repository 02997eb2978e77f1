use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::Command;

/// Facts that come from outside: how one record of a foreign stream becomes a command of ours.
///
/// The runtime reads each record, sends its command under an idempotency key that is made of the foreign id, and keeps what
/// it cannot take for somebody to look at. So a record takes effect once, however often and in however many files it comes.
///
/// ```ignore
/// impl Import for CarrierReports {
///     type Record = CarrierReport;
///     type Command = ShipmentCommand;
///     const NAME: &'static str = "carrier_reports";
///     const DOC: &'static str = "What carriers report of shipments.";
///
///     fn id(record: &CarrierReport) -> String { format!("{}-{}", record.carrier, record.event_id) }
///     fn command(record: CarrierReport) -> Result<ShipmentCommand, Misfit> { .. }
/// }
/// ```
pub trait Import: Send + Sync + 'static {
    /// One record, in the shape of whoever sends it. Leave unknown fields be: theirs may grow without asking us.
    type Record: DeserializeOwned + JsonSchema + Send + 'static;
    /// The commands that it becomes.
    type Command: Command;
    /// The name that callers use: `carrier_reports`. For ever: the keys of what has been taken are made of it.
    const NAME: &'static str;
    /// What it takes, in a sentence.
    const DOC: &'static str;

    /// The foreign id of what the record tells: the same for every copy of it, and for nothing else that this import takes.
    fn id(record: &Self::Record) -> String;

    /// The command that takes note of it. No I/O, no clock, no chance: the same record always gives the same command.
    ///
    /// # Errors
    /// Where the record says something that ours has no word for.
    fn command(record: Self::Record) -> Result<Self::Command, Misfit>;
}

/// A record that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", .field.as_ref().map(|field| format!("`{field}`: ")).unwrap_or_default())]
pub struct Misfit {
    /// The field at fault, as a path (`location.city`), where one field is.
    pub field: Option<String>,
    /// What is wrong, in words for whoever sent it.
    pub problem: String,
}

impl Misfit {
    /// Something is wrong with that field.
    pub fn of(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: Some(field.into()), problem: problem.into() }
    }
}

/// Reads a record from JSON.
///
/// # Errors
/// Where it is no JSON or not of that shape; the error names the field.
pub fn read_record<T: DeserializeOwned>(json: &[u8]) -> Result<T, Misfit> {
    if let Ok(record) = serde_json::from_slice(json) {
        return Ok(record);
    }
    // Keeping track of the path costs as much as reading: only whoever has an error to explain pays for it.
    let mut reader = serde_json::Deserializer::from_slice(json);
    match serde_path_to_error::deserialize(&mut reader) {
        Ok(record) => match reader.end() {
            Ok(()) => Ok(record),
            Err(error) => Err(Misfit { field: None, problem: on_one_line(&error) }),
        },
        Err(error) => {
            let path = error.path().to_string();
            let field = (path != "." && path != "?").then_some(path);
            Err(Misfit { field, problem: on_one_line(&error.into_inner()) })
        }
    }
}

/// The error's words. A record is one line as a rule: which one it is in its file is told beside it.
fn on_one_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Outer {
        inner: Inner,
    }

    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Inner {
        count: u8,
    }

    #[test]
    fn a_record_that_does_not_fit_is_told_with_the_place_where_it_does_not() {
        let read = |json: &str| read_record::<Outer>(json.as_bytes());
        assert_eq!(read(r#"{"inner":{"count":7,"more":1}}"#), Ok(Outer { inner: Inner { count: 7 } }));
        let field = |json: &str| read(json).expect_err("a misfit").field;
        assert_eq!(field(r#"{"inner":{"count":"7"}}"#).as_deref(), Some("inner.count"));
        assert_eq!(field(r#"{"inner":{}}"#).as_deref(), Some("inner"));
        for json in ["", "7", "{", "[]", "\u{0}", r#"{"inner":{"count":7}} {}"#, r#"{"inner":{"count":7"#] {
            assert!(read(json).is_err(), "{json:?}");
        }
    }
}
