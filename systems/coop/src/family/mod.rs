//! The write side: one aggregate, the family, with everything it can be asked and everything that can happen to it.
//!
//! [`FamilyCommand`] goes in; [`Family`] decides; a [`FamilyEvent`] comes out, or a [`FamilyRefusal`].
//! Everything here is pure: no clock, no randomness, no I/O.

mod aggregate;
mod checks;
mod commands;
mod events;
mod factors;
mod refusals;
mod rules;
mod words;

pub use aggregate::Family;
pub use commands::FamilyCommand;
pub use events::FamilyEvent;
pub use factors::{EngagementFactors, Evidence, RiskFactors};
pub use refusals::FamilyRefusal;
pub use words::{ContactMethod, PaymentMethod, RiskTier, Status};
