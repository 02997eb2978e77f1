//! A group's rows as of one moment: a transaction that is held.

use std::sync::Arc;

use watershed_core::ports::{
    Checkpoint, JournalFrom, JournalPart, Later, ParkedKey, RowError, RowKey, RowMoment, RowReader,
    RowsFound, StoredRow,
};
use watershed_core::{Ask, Predicate, Tenant};

use super::edition::Made;
use super::failure::Failure;
use super::group::Group;
use super::pool::Lent;
use super::tables;
use crate::connection::quoted;

/// The moment may be held for long: the server must not end it for standing still.
const BEGIN: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0";

/// A transaction on a connection of its own, whose snapshot is the moment. Closed with it.
pub(crate) struct PostgresMoment {
    group: Arc<Group>,
    lent: Lent,
    /// The checkpoint's id.
    id: i64,
    /// None where the tables are of another version.
    made: Option<Arc<Made>>,
}

impl PostgresMoment {
    /// The group as it stands now, for a statement or two: where the tables are dropped meanwhile, these fail.
    pub(super) async fn begin(group: &Arc<Group>) -> Result<Self, RowError> {
        match Self::try_begin(group).await {
            Err(failure) if failure.is_lost() => Ok(Self::try_begin(group).await?),
            begun => Ok(begun?),
        }
    }

    async fn try_begin(group: &Arc<Group>) -> Result<Self, Failure> {
        let lent = group.pool.lend().await?;
        lent.run(BEGIN).await?;
        // The first statement fixes the moment.
        let found = group.edition.find(&lent).await?.ok_or_else(|| group.edition.removed())?;
        let made = group.edition.made_as(&found, group.made());
        Ok(Self { group: group.clone(), lent, id: found.id, made })
    }

    /// The group as it stands now, for as long as this is held.
    pub(super) async fn take(group: &Arc<Group>) -> Result<Self, RowError> {
        let mut reading = group.reading();
        loop {
            let moment = Self::begin(group).await?;
            // Nobody drops the tables as long as this lock is held.
            if reading.settled(moment.lock().await.map(Some))?.is_some() {
                return Ok(moment);
            }
            reading.tables().await?;
        }
    }

    async fn lock(&self) -> Result<(), Failure> {
        let Some(made) = self.made.as_ref().filter(|made| !made.tables.is_empty()) else { return Ok(()) };
        let names: Vec<String> = made.names().into_iter().map(quoted).collect();
        Ok(self.lent.run(&format!("LOCK TABLE {} IN ACCESS SHARE MODE", names.join(", "))).await?)
    }

    /// Lets the connection go.
    pub(super) async fn end(self) {
        // Nothing was written. A connection on which this fails is closed.
        let _ = self.lent.end(Ok(())).await;
    }

    pub(super) async fn scan_now(
        &self,
        table: usize,
        filter: &Predicate,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, Failure> {
        match &self.made {
            Some(made) => tables::scan(&self.lent, made, table, filter, after, limit).await,
            None => Ok(Vec::new()),
        }
    }

    pub(super) async fn read_journal_now(
        &self,
        from: JournalFrom,
        limit: usize,
    ) -> Result<Option<JournalPart>, Failure> {
        let position = self.checkpoint_now().await?.position;
        tables::read_journal(&self.lent, &self.group.edition, (self.id, position), from, limit).await
    }

    async fn checkpoint_now(&self) -> Result<Checkpoint, Failure> {
        let Some(made) = &self.made else { return Ok(Checkpoint::default()) };
        Ok(tables::checkpoint(made, &*self.lent).await?.unwrap_or_default())
    }
}

impl RowReader for PostgresMoment {
    fn ask<'a>(&'a self, tenant: &'a Tenant, ask: &'a Ask) -> Later<'a, Result<RowsFound, RowError>> {
        Box::pin(async move {
            let place = self.group.edition.place(ask.view)?;
            let Some(made) = &self.made else { return Ok(RowsFound::default()) };
            Ok(tables::ask(made, place, tenant, ask, &*self.lent).await?.unwrap_or_default())
        })
    }

    fn rows<'a>(&'a self, table: usize, keys: &'a [RowKey]) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move {
            let Some(made) = &self.made else { return Ok(Vec::new()) };
            Ok(tables::rows(made, table, keys, &*self.lent).await?.unwrap_or_default())
        })
    }

    fn scan<'a>(
        &'a self,
        table: usize,
        filter: &'a Predicate,
        after: Option<&'a RowKey>,
        limit: usize,
    ) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move { Ok(self.scan_now(table, filter, after, limit).await?) })
    }
}

impl RowMoment for PostgresMoment {
    fn checkpoint(&self) -> Later<'_, Result<Checkpoint, RowError>> {
        Box::pin(async move { Ok(self.checkpoint_now().await?) })
    }

    fn parked(&self) -> Later<'_, Result<Vec<ParkedKey>, RowError>> {
        Box::pin(async move {
            let Some(made) = &self.made else { return Ok(Vec::new()) };
            Ok(tables::parked(&self.group.edition, made, &*self.lent).await?.unwrap_or_default())
        })
    }
}
