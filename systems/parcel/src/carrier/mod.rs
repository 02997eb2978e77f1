//! What carriers report, in their own words, on its way in: each line of their files becomes a `RecordScan`.
//!
//! Three things are theirs and not ours: how they write a report ([`CarrierReport`]), what their codes mean ([`Code`]), and
//! that their ids are unique among their own reports only.

mod code;
mod import;
mod report;

pub use code::Code;
pub use import::CarrierReports;
pub use report::{CarrierReport, Place};
