//! Rows held against the log, and put right where they differ.
//!
//! A [`Subject`] is a group as reconciliation sees it. Everything is compared at equal positions: rows and checkpoint of one
//! moment, with the fold of the log up to that checkpoint. [`offline`] compares everything as fast as it goes, [`online`] a
//! part of the keys in the background, as [`schedule`] has it from the contracts; [`again`] folds rows again and writes
//! them. What is found is kept in [`drift`], in memory: the rows say it again at the next look.

mod again;
mod checks;
mod drift;
mod finding;
mod offline;
mod online;
mod range;
mod report;
mod schedule;
mod subject;
mod tally;
mod watched;

pub(crate) use again::{mend_keys, mend_what_is_known};
pub(crate) use checks::Check;
pub(crate) use drift::Drift;
pub use drift::{DriftEntry, LastLook, ViewDrift};
pub use finding::DriftKind;
pub(crate) use offline::offline;
pub(crate) use online::sample;
pub use range::EventRange;
pub(crate) use range::refold_range;
pub use report::Report;
pub(crate) use schedule::{Reconciler, shares_for};
pub(crate) use subject::Subject;
pub(crate) use watched::{Ground, Rows, Watched};
