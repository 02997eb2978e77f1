//! What the derives' code calls. No part of the public interface: it changes with the derives.

use std::fmt::Display;
use std::str::FromStr;

pub use schemars;
pub use serde;

use serde::de::DeserializeOwned;
use watershed_core::rollup::{Holds, HoldsTop, IntoItem};
use watershed_core::{ColumnError, Decimal, Input, Key, ParseChoiceError, Timestamp, Value};

/// Calls a closure of an attribute on the row. Gives its parameter a type, so that users need not.
#[inline]
pub fn with<'a, R, T>(row: &'a R, closure: impl FnOnce(&'a R) -> T) -> T {
    closure(row)
}

/// Calls the closure of `#[at_read(..)]`.
#[inline]
pub fn at_read<'a, R, T>(row: &'a R, now: Timestamp, closure: impl FnOnce(&'a R, Timestamp) -> T) -> T {
    closure(row, now)
}

/// What a row gives to a column `C` that holds one of the values that it is measured from.
#[inline]
pub fn item_for<C: Holds<T::Item>, T: IntoItem>(value: T) -> Input {
    value.into_item()
}

/// What a row gives to a column `C` that holds the most frequent values.
#[inline]
pub fn top_for<C: HoldsTop<T::Item>, T: IntoItem>(value: T) -> Input {
    value.into_item()
}

/// What a row gives to a column `C` that holds the values with the largest sums of weights.
#[inline]
pub fn weighed_top_for<C: HoldsTop<T::Item>, T: IntoItem, W: IntoItem<Item = Decimal>>(
    value: T,
    weight: W,
) -> Input {
    match (value.into_item(), weight.into_item()) {
        (Input::Number(value), Input::Number(weight)) => Input::Weighed(Value::Decimal(value), weight),
        (Input::Item(value), Input::Number(weight)) => Input::Weighed(value, weight),
        _ => Input::Nothing,
    }
}

/// The columns' contents, one each.
///
/// # Errors
/// Where there are more or fewer than the row has columns.
pub fn columns<const N: usize>(row: &'static str, values: Vec<Value>) -> Result<[Value; N], ColumnError> {
    values.try_into().map_err(|values: Vec<Value>| ColumnError {
        column: row,
        problem: format!("the table has {} columns, the row's type {N}", values.len()),
    })
}

/// The rows of the child tables, one after the other.
///
/// # Errors
/// Where there are more or fewer tables than the state has children.
pub fn children<const N: usize>(
    table: &'static str,
    rows: Vec<Vec<Vec<Value>>>,
) -> Result<[Vec<Vec<Value>>; N], ColumnError> {
    rows.try_into().map_err(|rows: Vec<Vec<Vec<Value>>>| ColumnError {
        column: table,
        problem: format!("{} child tables were read, the state has {N}", rows.len()),
    })
}

/// The content of a column, or what is wrong with it.
///
/// # Errors
/// The problem, with the column's name.
#[inline]
pub fn in_column<T>(column: &'static str, content: Result<T, String>) -> Result<T, ColumnError> {
    content.map_err(|problem| ColumnError { column, problem })
}

/// Nested data as a column's content.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn json_to_value<T: serde::Serialize>(column: &'static str, data: &T) -> Result<Value, ColumnError> {
    in_column(column, watershed_core::json_to_value(data))
}

/// Nested data from a column's content.
///
/// # Errors
/// Where the content is not JSON of that shape.
pub fn json_from_value<T: DeserializeOwned>(column: &'static str, content: &Value) -> Result<T, ColumnError> {
    in_column(column, watershed_core::json_from_value(content))
}

/// A type whose text can be a tag's value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a tag: it has no text form",
    label = "not a text, number or choice",
    note = "tag a field that is a text, a number, a date or a #[derive(Choice)] enum, or write `impl Display for {Self}`",
    note = "personal data is no tag: tags stand in the log as they are"
)]
pub trait TagText: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display> TagText for T {}

/// The value of a tag.
#[inline]
pub fn tag_text<T: TagText>(value: &T) -> &dyn Display {
    value
}

/// A type whose text can be a key, or a part of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key column: it has no text form",
    label = "not a text, number or choice",
    note = "make the key of texts, numbers, dates or #[derive(Choice)] enums, or write `impl Display for {Self}`"
)]
pub trait KeyText: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display> KeyText for T {}

/// The key that one column makes.
pub fn key_of<T: KeyText>(part: &T) -> Key {
    Key::from(part.to_string())
}

/// One of several columns that make a key.
#[inline]
pub fn key_part<T: KeyText>(part: &T) -> &dyn Display {
    part
}

/// A type whose JSON Schema can be shown to callers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no JSON Schema to show to callers",
    label = "not described",
    note = "add `JsonSchema` to its derives, beside `Serialize` and `Deserialize`; fields of your own types need it too"
)]
pub trait Described: schemars::JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: schemars::JsonSchema> Described for T {}

/// Holds `T` to be described.
pub const fn described<T: Described>() {}

/// A closed set of words that is as cheap as a number.
#[diagnostic::on_unimplemented(
    message = "the choice `{Self}` is not `Copy`",
    label = "not `Copy`",
    note = "write #[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]"
)]
pub trait CopyWord: Copy {}

#[diagnostic::do_not_recommend]
impl<T: Copy> CopyWord for T {}

/// The choice itself.
#[inline]
pub fn copied<T: CopyWord>(choice: &T) -> T {
    *choice
}

/// The choice that a column holds.
///
/// # Errors
/// Where the content is no text, or none of the words.
pub fn choice_from_value<T: FromStr<Err = ParseChoiceError>>(content: &Value) -> Result<T, String> {
    match content {
        Value::Text(word) => word.parse().map_err(|error: ParseChoiceError| error.to_string()),
        other => Err(format!("expected a text, found {other:?}")),
    }
}

/// The choice that a JSON text is.
///
/// # Errors
/// Where it is none of the words; the error lists them.
pub fn choice_from_json<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: FromStr<Err = ParseChoiceError>,
{
    let word = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
    word.parse().map_err(serde::de::Error::custom)
}
