use std::time::Instant;

use super::{RawEvent, RawStore, SECONDS};
use crate::error::Problem;
use crate::lab::Lab;
use crate::machine::own_time;
use crate::stats::{Histogram, Load, micros_each};

/// One thread inserting rows, each in a transaction of its own.
pub(crate) fn single_inserts(lab: &Lab, streams: u64) -> Result<Load, Problem> {
    let dir = lab.dir()?;
    let mut store = RawStore::create(dir.path())?;
    let time = lab.time(SECONDS);
    let mut latency = Histogram::default();
    let (began, used) = (Instant::now(), own_time());
    let mut number = 0;
    while began.elapsed() < time {
        number += 1;
        let event = RawEvent::numbered(number, streams);
        let asked = Instant::now();
        store.insert([&event])?;
        latency.record(asked.elapsed());
    }
    let processor = micros_each(own_time() - used, latency.count());
    Ok(Load { latency, took: began.elapsed(), processor })
}
