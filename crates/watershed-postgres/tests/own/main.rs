//! Transactions of users' own that append to the log: everything of them is there or nothing, others append beside them, and nobody
//! waits for ever.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod atomic;
mod example;
mod holders;
#[expect(unreachable_pub, reason = "what a program of its own has, and the document shows")]
mod orders;
mod races;
mod refused;
mod sessions;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../stockroom/mod.rs"]
mod stockroom;
mod support;
