//! Several processes that share rows: the editions of a group's version are kept by one of them, for as long as it has the lease.
//!
//! A [`Member`] renews what this process has, takes what is free, and gives up what is more than its share. A [`Tenure`] is one
//! seat as this process sees it: the projector asks it whether it may go on. What decides is the store: whoever has been
//! overtaken is refused there, whatever it believes.

mod member;
mod tenure;

pub(crate) use member::{JoinError, Joining, Member};
pub(crate) use tenure::Tenure;
