//! Rollups: read models over another read model's row changes.

use std::collections::BTreeMap;

use crate::{Decimal, ReadModel, Row, Value};

/// What a column of a rollup is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Part of the group.
    Group,
    /// How many rows give [`Input::Yes`].
    Count,
    /// The sum of their numbers.
    Sum,
    /// The mean of their numbers, rounded half away from zero to so many digits; empty where there are none.
    Avg {
        /// Digits after the point.
        scale: u32,
    },
    /// The smallest number such that this share of the numbers is not above it (nearest rank); empty where there are none.
    Quantile {
        /// From 0 to 1.
        share: f64,
    },
    /// How many rows give each word, as a JSON object.
    CountBy,
    /// The sum of the numbers that rows give with each word, as a JSON object.
    SumBy,
}

/// What one row gives to one column of a rollup.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Nothing.
    Nothing,
    /// It counts.
    Yes,
    /// A number.
    Number(Decimal),
    /// Words with numbers; for [`Measure::CountBy`], numbers of times.
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

/// A read model over another one's shown rows: grouped, counted, summed; kept up with every row's change, without
/// reading the log or the other rows again. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a rollup",
    note = "add #[derive(Rollup, Serialize, Deserialize, JsonSchema)] and #[rollup(name = \"...\", version = 1, of = ...)] to the struct"
)]
pub trait Rollup: Row {
    /// The read model whose rows it is made of.
    type Of: ReadModel;
    /// Raised with every change of what it makes of the rows.
    const VERSION: u32;
    /// What each stored column is made of, in the columns' order.
    const MEASURES: &'static [Measure];

    /// What `row` gives; `None` where it gives nothing at all.
    fn contribution(row: &Self::Of) -> Option<Contribution>;
}
