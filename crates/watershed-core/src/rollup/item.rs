//! Values that rollups compare: the smallest, the largest, how many different ones, the most frequent.

use serde::{Deserialize, Serialize};

use super::Input;
use crate::{ColumnType, Date, Decimal, Month, Timestamp, Value};

/// A type that a rollup can take from a row as a value to compare with others.
#[diagnostic::on_unimplemented(
    message = "a rollup cannot compare `{Self}`",
    label = "give a number, a text, a day, a month or an instant",
    note = "values are whole numbers up to 64 bits, Decimal, String, &str, Date, Month, Timestamp, a #[derive(Choice)] enum, and Option<_> of these",
    note = "a closure gets the row by reference: write `|row| row.name.clone()` or `|row| row.name.as_str()` where the value is not Copy"
)]
pub trait IntoItem {
    /// What a column that holds such values has to be made for. [`Decimal`] for every number.
    type Item;

    /// What it gives.
    fn into_item(self) -> Input;
}

/// A column that can hold one of the values that it is measured from, or nothing.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` cannot hold a value of `{Item}`",
    label = "it is measured from values of `{Item}`",
    note = "the smallest, the largest and a quantile are such values themselves: write `Option<_>` of what the closure gives; for numbers, of any number"
)]
pub trait Holds<Item> {}

/// A column that can hold the most frequent of the values that it is measured from.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` cannot hold the most frequent values of `{Item}`",
    label = "it is measured from values of `{Item}`",
    note = "write `Vec<Top<_>>` of what the closure gives, and `Vec<Top<_, Decimal>>` where they are weighed"
)]
pub trait HoldsTop<Item> {}

/// One of the values that occur most often, with how often; or with the sum of its weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Top<T, N = u64> {
    /// The value.
    pub value: T,
    /// How often it occurs, or the sum of its weights.
    pub total: N,
}

impl<T> Holds<T> for Option<T> {}

impl<I, T, N> HoldsTop<I> for Vec<Top<T, N>> where Option<T>: Holds<I> {}

impl<T: IntoItem> IntoItem for Option<T> {
    type Item = T::Item;

    fn into_item(self) -> Input {
        self.map_or(Input::Nothing, T::into_item)
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl IntoItem for $type {
            type Item = Decimal;

            fn into_item(self) -> Input {
                Input::Number(self.into())
            }
        }

        impl Holds<Decimal> for Option<$type> {}
    )*};
}
numbers!(i64, i32, i16, i8, u64, u32, u16, u8);

impl IntoItem for Decimal {
    type Item = Self;

    fn into_item(self) -> Input {
        Input::Number(self)
    }
}

macro_rules! texts {
    ($($type:ty),*) => {$(
        impl IntoItem for $type {
            type Item = String;

            fn into_item(self) -> Input {
                Input::Item(Value::Text(self.into()))
            }
        }
    )*};
}
texts!(String, &str);

impl IntoItem for &String {
    type Item = String;

    fn into_item(self) -> Input {
        self.as_str().into_item()
    }
}

macro_rules! columns {
    ($($type:ty),*) => {$(
        impl IntoItem for $type {
            type Item = Self;

            fn into_item(self) -> Input {
                Input::Item(self.to_value())
            }
        }
    )*};
}
columns!(Date, Month, Timestamp);
