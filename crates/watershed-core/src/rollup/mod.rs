//! Rollups: read models over another read model's row changes.
//!
//! A row gives each rollup of its read model a [`Contribution`]: its group, and an [`Input`] for every measure. What the
//! runtime keeps of them is its own business: here stands what they mean.

mod input;
mod item;
mod measure;

pub use input::{Contribution, Input, IntoInput};
pub use item::{Holds, HoldsTop, IntoItem, Top};
pub use measure::Measure;

use crate::{ReadModel, Row};

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
