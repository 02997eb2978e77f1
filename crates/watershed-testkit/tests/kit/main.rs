//! The kit, on a pantry of jars. Its traits are written by hand: the derives stand above this crate.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod deciding;
mod folding;
mod grouping;
mod locking;
mod measuring;
mod pantry;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the kit says where a check fails; fails itself where it does not.
fn complaint<T>(check: impl FnOnce() -> T) -> String {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(_) => panic!("the check should have failed"),
        Err(said) => said.downcast_ref::<String>().cloned().unwrap_or_default(),
    }
}
