//! One edition of a group of read models.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use uuid::Uuid;
use watershed_core::ports::{
    Checkpoint, JournalEnd, JournalFrom, JournalPart, Later, Loader, ParkedKey, RowError, RowGroup,
    RowJournal, RowKey, RowMoment, RowMoments, RowReader, RowWriter, RowsBatch, RowsFound, StoredRow,
};
use watershed_core::{Ask, Predicate, Tenant, Timestamp};

use super::edition::{Edition, FIND, Made};
use super::failure::Failure;
use super::loader::PostgresLoader;
use super::moment::PostgresMoment;
use super::pool::Pool;
use super::tables::{self, Changes};
use crate::replicas::Replicas;

/// How often a question is asked again because others have put new tables in the place of those that it was about.
const AGAIN: usize = 5;

/// What a group's handles share.
pub(crate) struct Group {
    pub(crate) pool: Arc<Pool>,
    replicas: Option<Arc<Replicas>>,
    pub(crate) edition: Edition,
    /// The tables that were last seen to be the edition's; none where those are of another version.
    made: RwLock<Option<Arc<Made>>>,
    /// Whether the tables were of another version when this was opened, so that a write puts new ones in their place.
    pub(super) may_replace: AtomicBool,
    /// Writes of this process wait here, and not at the database.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// The name of the last write, where it came from here.
    last: Mutex<Option<Uuid>>,
    /// Under which this process writes; see [`RowGroup::fence`].
    epoch: AtomicU64,
}

/// A group's tables, checkpoint and parked keys.
pub(crate) struct PostgresGroup(pub(crate) Arc<Group>);

impl Group {
    pub(crate) fn new(
        pool: Arc<Pool>,
        replicas: Option<Arc<Replicas>>,
        edition: Edition,
        made: Option<Arc<Made>>,
    ) -> Self {
        let may_replace = AtomicBool::new(made.is_none());
        let made = RwLock::new(made);
        let (writing, epoch) = (tokio::sync::Mutex::default(), AtomicU64::new(0));
        Self { pool, replicas, edition, made, may_replace, writing, last: Mutex::default(), epoch }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    pub(super) fn set_epoch(&self, epoch: u64) {
        self.epoch.store(epoch, Ordering::Release);
    }

    pub(crate) fn made(&self) -> Option<Arc<Made>> {
        self.made.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_made(&self, made: Option<Arc<Made>>) {
        *self.made.write().unwrap_or_else(PoisonError::into_inner) = made;
    }

    /// The last write, unless somebody else has written since.
    pub(super) fn last(&self) -> Option<Uuid> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_last(&self, name: Uuid) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(name);
    }

    /// Looks which tables are the edition's now.
    pub(super) async fn look(&self) -> Result<Option<Arc<Made>>, Failure> {
        let number = i64::from(self.edition.number);
        let rows = self.pool.query(FIND, &[&self.edition.name, &number]).await?;
        let row = rows.first().ok_or_else(|| self.edition.removed())?;
        let made = self.edition.made_as(&self.edition.found(row)?, self.made());
        self.set_made(made.clone());
        Ok(made)
    }

    /// What a standby answers whose rows have come as far as is enough; none where the primary has to be asked.
    async fn ask_elsewhere(&self, place: usize, tenant: &Tenant, ask: &Ask) -> Option<RowsFound> {
        let (enough, replicas, made) = (ask.enough?, self.replicas.as_ref()?, self.made()?);
        let standby = replicas.next().await?;
        let found = standby.answer(tables::ask(&made, place, tenant, ask, &*standby.connection)).await?;
        found.filter(|found| found.position >= enough)
    }

    /// Begins to read from the tables, which others may replace at any time.
    pub(crate) fn reading(&self) -> Reading<'_> {
        Reading { group: self, tries: 0, gone: None }
    }
}

/// An attempt to read, made again where others have put new tables in the place of those that it was about.
pub(crate) struct Reading<'g> {
    group: &'g Group,
    tries: usize,
    /// What the database said of a table that is gone.
    gone: Option<Failure>,
}

impl Reading<'_> {
    /// The tables to read from now; none where those that are there are of another version.
    pub(crate) async fn tables(&mut self) -> Result<Option<Arc<Made>>, RowError> {
        self.tries += 1;
        match self.group.made() {
            Some(made) if self.tries == 1 => Ok(Some(made)),
            _ if self.tries > AGAIN => {
                let name = &self.group.edition.name;
                let told = RowError::Store(format!("the tables of `{name}` are replaced again and again"));
                Err(self.gone.take().map_or(told, RowError::from))
            }
            _ => Ok(self.group.look().await?),
        }
    }

    /// What was found; none where it is to be looked for again.
    pub(crate) fn settled<T>(&mut self, found: Result<Option<T>, Failure>) -> Result<Option<T>, RowError> {
        match found {
            Err(failure) if failure.is_stale() => {
                self.gone = Some(failure);
                Ok(None)
            }
            found => Ok(found?),
        }
    }
}

impl RowReader for PostgresGroup {
    fn ask<'a>(&'a self, tenant: &'a Tenant, ask: &'a Ask) -> Later<'a, Result<RowsFound, RowError>> {
        Box::pin(async move {
            let (group, place) = (&*self.0, self.0.edition.place(ask.view)?);
            if let Some(found) = group.ask_elsewhere(place, tenant, ask).await {
                return Ok(found);
            }
            let mut reading = group.reading();
            while let Some(made) = reading.tables().await? {
                let found = tables::ask(&made, place, tenant, ask, &*group.pool).await;
                if let Some(found) = reading.settled(found)? {
                    return Ok(found);
                }
            }
            Ok(RowsFound::default())
        })
    }

    fn rows<'a>(&'a self, table: usize, keys: &'a [RowKey]) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move {
            let mut reading = self.0.reading();
            while let Some(made) = reading.tables().await? {
                let found = tables::rows(&made, table, keys, &*self.0.pool).await;
                if let Some(found) = reading.settled(found)? {
                    return Ok(found);
                }
            }
            Ok(Vec::new())
        })
    }

    fn scan<'a>(
        &'a self,
        table: usize,
        filter: &'a Predicate,
        after: Option<&'a RowKey>,
        limit: usize,
    ) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move {
            let mut reading = self.0.reading();
            loop {
                let moment = PostgresMoment::begin(&self.0).await?;
                let found = moment.scan_now(table, filter, after, limit).await;
                moment.end().await;
                if let Some(found) = reading.settled(found.map(Some))? {
                    return Ok(found);
                }
                reading.tables().await?;
            }
        })
    }
}

impl RowWriter for PostgresGroup {
    fn write<'a>(&'a self, batch: &'a RowsBatch) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            let changes = Changes::of(&self.0.edition, batch)?;
            Ok(self.0.write(batch, &changes).await?)
        })
    }
}

impl RowMoments for PostgresGroup {
    fn moment(&self) -> Later<'_, Result<Box<dyn RowMoment>, RowError>> {
        Box::pin(async move { Ok(Box::new(PostgresMoment::take(&self.0).await?) as Box<dyn RowMoment>) })
    }
}

impl RowJournal for PostgresGroup {
    fn read_journal(
        &self,
        from: JournalFrom,
        limit: usize,
    ) -> Later<'_, Result<Option<JournalPart>, RowError>> {
        Box::pin(async move {
            let moment = PostgresMoment::begin(&self.0).await?;
            let part = moment.read_journal_now(from, limit).await;
            moment.end().await;
            Ok(part?)
        })
    }

    fn forget_changes(&self, before: Timestamp, most: u64) -> Later<'_, Result<u64, RowError>> {
        Box::pin(async move { Ok(self.0.forget_changes(before, most).await?) })
    }

    fn take_over(&self, from: JournalEnd, at: Timestamp) -> Later<'_, Result<(), RowError>> {
        Box::pin(async move { Ok(self.0.take_over(from, at).await?) })
    }
}

impl RowGroup for PostgresGroup {
    fn checkpoint(&self) -> Later<'_, Result<Checkpoint, RowError>> {
        Box::pin(async move {
            let mut reading = self.0.reading();
            while let Some(made) = reading.tables().await? {
                let found = tables::checkpoint(&made, &*self.0.pool).await;
                if let Some(found) = reading.settled(found)? {
                    return Ok(found);
                }
            }
            Ok(Checkpoint::default())
        })
    }

    fn parked(&self) -> Later<'_, Result<Vec<ParkedKey>, RowError>> {
        Box::pin(async move {
            let mut reading = self.0.reading();
            while let Some(made) = reading.tables().await? {
                let found = tables::parked(&self.0.edition, &made, &*self.0.pool).await;
                if let Some(found) = reading.settled(found)? {
                    return Ok(found);
                }
            }
            Ok(Vec::new())
        })
    }

    fn loader(&self) -> Later<'_, Result<Box<dyn Loader>, RowError>> {
        Box::pin(async move { Ok(Box::new(PostgresLoader::start(self.0.clone()).await?) as Box<dyn Loader>) })
    }

    fn fence(&self, epoch: u64) -> Later<'_, Result<(), RowError>> {
        Box::pin(async move { Ok(self.0.fence(epoch).await?) })
    }
}
