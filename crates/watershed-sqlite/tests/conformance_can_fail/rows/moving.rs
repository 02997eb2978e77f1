//! Moments that do not stand still.

use std::sync::Arc;

use watershed_core::ports::{
    Checkpoint, Later, ParkedKey, RowError, RowGroup, RowKey, RowMoment, RowMoments, RowReader, RowsFound,
    StoredRow,
};
use watershed_core::{Ask, Predicate, Tenant};

use super::faults::Fault;
use super::fixture::FaultyGroup;

impl RowMoments for FaultyGroup {
    fn moment(&self) -> Later<'_, Result<Box<dyn RowMoment>, RowError>> {
        if self.has(Fault::MovingMoment) {
            let moving = Moving(self.group.clone());
            return Box::pin(async move { Ok(Box::new(moving) as Box<dyn RowMoment>) });
        }
        self.group.moment()
    }
}

struct Moving(Arc<dyn RowGroup>);

impl RowReader for Moving {
    fn ask<'a>(&'a self, tenant: &'a Tenant, ask: &'a Ask) -> Later<'a, Result<RowsFound, RowError>> {
        self.0.ask(tenant, ask)
    }

    fn rows<'a>(&'a self, table: usize, keys: &'a [RowKey]) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        self.0.rows(table, keys)
    }

    fn scan<'a>(
        &'a self,
        table: usize,
        filter: &'a Predicate,
        after: Option<&'a RowKey>,
        limit: usize,
    ) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        self.0.scan(table, filter, after, limit)
    }
}

impl RowMoment for Moving {
    fn checkpoint(&self) -> Later<'_, Result<Checkpoint, RowError>> {
        self.0.checkpoint()
    }

    fn parked(&self) -> Later<'_, Result<Vec<ParkedKey>, RowError>> {
        self.0.parked()
    }
}
