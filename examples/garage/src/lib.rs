//! A parking garage: cars come in, pay, and leave.

pub mod stay;
pub mod views;

use watershed::prelude::*;

/// The garage as a bounded context. Whoever hosts it says who may do what.
pub fn context() -> Context {
    Context::new("garage")
        .aggregate::<stay::Stay>()
        .read_models::<(views::StayRow,)>()
        .rollups::<(views::Takings,)>()
        .queries::<(views::GetStay, views::CarsInside)>()
}
