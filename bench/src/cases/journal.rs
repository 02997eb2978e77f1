use std::sync::Arc;
use std::time::Instant;

use coop::views::FamilyDetail;
use tokio::runtime::Runtime;
use watershed::core::ports::{
    Checkpoint, GroupSpec, RowChange, RowGroup, RowKey, RowStore, RowsBatch, StoredRow,
};
use watershed::core::{ColumnKind, Key, Row, TableSpec, Tenant, Value};
use watershed::sqlite::SqliteRows;

use super::{About, Case, Reading, Round};
use crate::error::Problem;
use crate::lab::Lab;
use crate::line::{Line, Unit};
use crate::mix::mix;

static RATE: Line = Line::told("rows", Unit::PerSecond);

const ROWS: u64 = 20_000;
const BATCH: u64 = 512;
const BATCHES: u64 = 400;

/// Rows written in batches, with a journal of their changes and without.
pub(crate) struct Journal;

impl Case for Journal {
    fn about(&self) -> About {
        About {
            name: "journal",
            measures: "rows of family_detail written in batches of 512, their changes journaled, beside the same without",
        }
    }

    fn prepare<'a>(&'a self, lab: &'a Lab) -> Result<Round<'a>, Problem> {
        let runtime = lab.runtime()?;
        Ok(Box::new(move || {
            let without = written(lab, &runtime, Vec::new())?;
            let with = written(lab, &runtime, vec![0])?;
            Ok(vec![Reading::beside(&RATE, with, without)])
        }))
    }
}

/// How many rows are written in a second.
fn written(lab: &Lab, runtime: &Runtime, journal: Vec<usize>) -> Result<f64, Problem> {
    let dir = lab.dir()?;
    let store = SqliteRows::open(dir.path()).map_err(Problem::product)?;
    let spec = FamilyDetail::table();
    let group = GroupSpec {
        name: "rows".to_owned(),
        edition: 1,
        version: "1".to_owned(),
        tables: vec![spec.clone()],
        journal,
    };
    let group = runtime.block_on(store.open(group)).map_err(Problem::product)?;
    let rows = lab.count(ROWS);
    // All rows once, so that what is measured changes them.
    for first in (0..rows).step_by(1_000) {
        write(runtime, &group, (first..rows.min(first + 1_000)).map(|family| row(&spec, family, 0)), 1)?;
    }
    let batches = lab.count(BATCHES);
    let began = Instant::now();
    for batch in 1..=batches {
        let families = (0..BATCH).map(|place| mix(batch * BATCH + place) % rows);
        write(runtime, &group, families.map(|family| row(&spec, family, batch)), batch + 1)?;
    }
    Ok((batches * BATCH) as f64 / began.elapsed().as_secs_f64())
}

fn write(
    runtime: &Runtime,
    group: &Arc<dyn RowGroup>,
    rows: impl Iterator<Item = StoredRow>,
    position: u64,
) -> Result<(), Problem> {
    let batch = RowsBatch {
        changes: vec![(0, rows.map(RowChange::Put).collect())],
        checkpoint: Checkpoint { position, ..Checkpoint::default() },
        ..RowsBatch::default()
    };
    runtime.block_on(group.write(&batch)).map_err(Problem::product)
}

/// A family's row; what changes with the turn are its numbers.
fn row(spec: &TableSpec, family: u64, turn: u64) -> StoredRow {
    let id = format!("family-{family:05}");
    let number = i64::try_from(mix(family ^ turn) % 100).unwrap_or(0);
    let values = spec.columns.iter().map(|column| match column.kind {
        _ if column.key => Value::Text(id.as_str().into()),
        ColumnKind::Bool => Value::Bool(number % 2 == 0),
        ColumnKind::Int => Value::Int(number),
        ColumnKind::Real => Value::Real(0.5),
        ColumnKind::Decimal => Value::Decimal(number.into()),
        ColumnKind::Text => Value::Text("enrolled".into()),
        ColumnKind::Timestamp => Value::Null,
        ColumnKind::Json => Value::Json("[]".into()),
    });
    StoredRow {
        key: RowKey { tenant: Tenant::default(), key: Key::from(id.as_str()) },
        values: values.collect(),
        position: turn + 1,
        revision: turn + 1,
        shown: true,
    }
}
