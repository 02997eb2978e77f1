use std::collections::BTreeMap;

use crate::{Decimal, Value};

/// What one row gives to one column of a rollup.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Nothing.
    Nothing,
    /// It counts.
    Yes,
    /// A number.
    Number(Decimal),
    /// A value that is no number: a text, a day, an instant.
    Item(Value),
    /// A value with its weight.
    Weighed(Value, Decimal),
    /// Words with numbers; for [`Measure::CountBy`](super::Measure::CountBy), numbers of times.
    Words(BTreeMap<String, Decimal>),
}

/// A type that a rollup can take from a row as numbers.
#[diagnostic::on_unimplemented(
    message = "a rollup cannot count or sum `{Self}`",
    label = "give a `bool`, a number, a word, or a map of words to numbers",
    note = "columns take bool, whole numbers up to 64 bits, Decimal, String, &str, a #[derive(Choice)] enum, BTreeMap<word, number>, and Option<_> of these",
    note = "a closure gets the row by reference: write `|row| row.amounts.clone()` where the value is not Copy"
)]
pub trait IntoInput {
    /// What it gives.
    fn into_input(self) -> Input;
}

impl IntoInput for bool {
    fn into_input(self) -> Input {
        if self { Input::Yes } else { Input::Nothing }
    }
}

impl IntoInput for Decimal {
    fn into_input(self) -> Input {
        Input::Number(self)
    }
}

macro_rules! whole_inputs {
    ($($type:ty),*) => {$(
        impl IntoInput for $type {
            fn into_input(self) -> Input {
                Input::Number(Decimal::from(self))
            }
        }
    )*};
}
whole_inputs!(i64, i32, i16, i8, u64, u32, u16, u8);

impl<T: IntoInput> IntoInput for Option<T> {
    fn into_input(self) -> Input {
        self.map_or(Input::Nothing, T::into_input)
    }
}

impl IntoInput for String {
    fn into_input(self) -> Input {
        Input::Words(BTreeMap::from([(self, Decimal::from(1))]))
    }
}

impl IntoInput for &String {
    fn into_input(self) -> Input {
        self.clone().into_input()
    }
}

impl IntoInput for &str {
    fn into_input(self) -> Input {
        self.to_owned().into_input()
    }
}

impl<K: ToString, N: Copy + Into<Decimal>> IntoInput for BTreeMap<K, N> {
    fn into_input(self) -> Input {
        Input::Words(self.into_iter().map(|(word, number)| (word.to_string(), number.into())).collect())
    }
}

impl<K: ToString, N: Copy + Into<Decimal>> IntoInput for &BTreeMap<K, N> {
    fn into_input(self) -> Input {
        Input::Words(self.iter().map(|(word, number)| (word.to_string(), (*number).into())).collect())
    }
}

/// What one shown row gives to a rollup: the group that it is in, and an input for every other column.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The contents of the group's columns, in their order.
    pub group: Vec<Value>,
    /// What it gives to the other columns, in their order.
    pub inputs: Vec<Input>,
}
