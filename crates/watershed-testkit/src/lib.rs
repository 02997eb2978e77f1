//! Tests for what is written with Watershed, and for what Watershed is made of.
//!
//! - [`given`] facts, `when` a command, `then` events or a refusal: aggregates and decisions, pure and synchronous.
//! - A [`Story`] of events, and what a read model ([`project`]), a group of them ([`project_group`]) or a rollup makes of it.
//! - [`naive_fold`] and [`naive_rollup`]: what read models and rollups must be equal to, worked out in the plainest way.
//!   They share no code with the runtime, so that they can be held against it.
//! - [`assert_events_locked`]: names and shapes of events stay what they were when the first of them was recorded.
//! - [`conformance`]: the suites that every event log, row store and triage must pass, ours and anybody's.
//!
//! Depends on the model alone: not on the runtime, and on no store.

pub mod conformance;
mod diff;
mod fold;
mod given;
mod literal;
mod lock;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "postgres")]
pub mod proxy;
mod record;
mod story;
pub mod things;

pub use fold::{
    Folded, FoldedGroup, FoldedRow, Group, Members, Parked, fulfils, naive_fold, naive_fold_group,
    naive_rollup, project, project_group,
};
pub use given::{Given, Outcome, given, given_decision};
pub use literal::{date, days, decimal, hours, minutes, month, principal, tenant, timestamp};
pub use lock::{EventSet, LockedEnum, assert_events_locked, check_events_lock};
pub use story::{IntoStory, Story};

/// Fails the test that is running. The one place where this kit panics: that is what a failing check is.
#[track_caller]
fn fail(problem: impl std::fmt::Display) -> ! {
    panic!("{problem}")
}
