use super::{About, Case, Reading, Round};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::raw::{STREAMS, fill, scan};

static RATE: Line = Line::told("rows", Unit::PerSecond);

/// Baseline: the log read from first to last.
pub(crate) struct RawScan;

impl Case for RawScan {
    fn about(&self) -> About {
        About {
            name: "raw-scan",
            measures: "baseline: one thread reading position, stream, version, name and payload of every row",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let rows = lab.count(1_000_000);
        let dir = lab.dir()?;
        let table = fill(dir.path(), rows, STREAMS)?;
        Ok(Box::new(move || {
            let _keep = &dir;
            Ok(vec![Reading::alone(&RATE, scan(&table, rows)?)])
        }))
    }
}
