//! The raw baselines: what SQLite gives with the product's own rows and none of its work.
//!
//! No command is routed, no rule checked, no key looked up, no checksum computed. What the product adds to this is what
//! its numbers are held against.

mod event;
mod group;
mod http;
mod lookup;
mod scan;
mod single;
mod store;

use store::RawStore;

pub(crate) use event::RawEvent;
pub(crate) use group::group_commit;
pub(crate) use http::RawHttp;
pub(crate) use lookup::lookups;
pub(crate) use scan::{fill, scan};
pub(crate) use single::single_inserts;

/// How long a baseline under load is measured, in seconds.
const SECONDS: f64 = 3.0;

/// So many streams share the rows, where a case does not say otherwise: the families that the targets speak of.
pub(crate) const STREAMS: u64 = 2_000;
