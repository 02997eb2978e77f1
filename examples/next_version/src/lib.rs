//! The garage, shipped with a changed read model: both versions are in the program until the new one has proved itself.

mod serve;
mod stays;
mod takings;

pub use serve::serve;
use watershed::prelude::*;

pub fn context() -> Context {
    Context::new("garage")
        .aggregate::<garage::stay::Stay>()
        .read_models::<(stays::StayRow,)>()
        .rollups::<(takings::Takings,)>()
        .earlier::<garage::views::StayRow, stays::StayRow>()
        .earlier_rollup::<garage::views::Takings, takings::Takings>()
}
