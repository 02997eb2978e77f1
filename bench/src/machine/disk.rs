use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use crate::error::Problem;
use crate::stats::Histogram;

const FLUSHES: u32 = 200;
const BLOCK: [u8; 4_096] = [7; 4_096];

/// The median time, in microseconds, that it takes to write a block over a file in `dir` and have it on disk.
///
/// It says what a durable commit can cost at the least, now and here: 130 on a disk that is ours alone, thousands where
/// somebody else writes, next to nothing where the folder is in memory and nothing is durable.
pub(crate) fn flush_micros(dir: &Path) -> Result<f64, Problem> {
    let path = dir.join("flush");
    let mut file = File::create(&path)?;
    for _ in 0..64 {
        file.write_all(&BLOCK)?;
    }
    file.sync_all()?;
    let mut latency = Histogram::default();
    for flush in 0..FLUSHES {
        file.seek(SeekFrom::Start(u64::from(flush % 64) * 4_096))?;
        file.write_all(&BLOCK)?;
        let asked = Instant::now();
        file.sync_data()?;
        latency.record(asked.elapsed());
    }
    std::fs::remove_file(&path)?;
    Ok(latency.micros(0.5))
}
