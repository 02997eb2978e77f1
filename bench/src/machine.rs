//! What the machine says: whether it was quiet (a number that others disturbed says nothing about us), and what we used.

mod disk;
mod memory;
mod processor;

pub(crate) use disk::flush_micros;
pub(crate) use memory::{forget_peak, peak_mebibytes};
pub(crate) use processor::{LOUD, Patience, own_time, threads_time};
