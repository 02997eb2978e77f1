//! A group's tables on a connection. Whoever calls these functions says which load's tables they are about ([`Made`]); where
//! others have taken their place meanwhile, the answer is none.
//!
//! [`Made`]: super::edition::Made

mod ask;
mod checkpoint;
mod journal;
mod make;
mod parked;
mod read;
mod scan;
mod write;

pub(crate) use ask::{ask, check_cursor};
pub(crate) use checkpoint::{SET, checkpoint, set_checkpoint};
pub(crate) use journal::{
    begin_journal, everything_changed, forget_changes, note, read_journal, take_over, write_down,
};
pub(crate) use make::{drop_group, leave, make, next_load, replace};
pub(crate) use parked::{PARK, park, parked};
pub(crate) use read::{instant, rows, values};
pub(crate) use scan::scan;
pub(crate) use write::{Changes, Opening, Write, check};
