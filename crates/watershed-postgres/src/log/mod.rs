//! The log: appends are committed by one task, group by group; reads are done by whoever asks.

mod about;
mod ahead;
mod alone;
mod appender;
mod bearers;
mod boundaries;
mod brought;
mod commit;
mod flight;
mod gathered;
mod group;
mod hints;
mod kept;
mod moved;
mod names;
mod newest;
mod packed;
mod prepared;
mod read;
mod readers;
mod recent;
mod row;
mod saver;
mod shared;
mod since;
mod snapshots;
mod spans;
mod turn;
mod verify;
mod wanted;
mod within;
mod written;

use std::sync::Arc;

use uuid::Uuid;
use watershed_core::ports::{
    Append, AppendError, Appended, EventLog, Events, InlineFold, KeyRecord, Later, LogError, LogIndex,
    LogReader, ReadFrom, Snapshot, Snapshots,
};
use watershed_core::{LogIdentity, Position, StreamId, Tag, Tenant, Version};
use watershed_store::{Verified, first_link, from_sql};

pub use self::about::About;
use self::bearers::Bearers;
use self::gathered::gathered;
use self::prepared::Prepared;
use self::readers::Readers;
use self::saver::Saver;
use self::shared::Shared;
pub use self::within::WithinError;
use crate::connection::{Connection, Tail};
use crate::error::OpenError;
use crate::migrate::{LOG, bring_up};
use crate::options::Options;
use crate::state::PostgresTables;

/// The log in a schema of a PostgreSQL database. Dropped, it takes no more appends, and writes those that wait.
pub struct PostgresLog {
    shared: Arc<Shared>,
    saver: Saver,
    about: About,
}

impl std::fmt::Debug for PostgresLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostgresLog({:?} at {})", self.shared.identity, self.shared.head())
    }
}

impl PostgresLog {
    /// Opens the log, and makes it where it is not there.
    ///
    /// # Errors
    /// Where the server cannot be reached or is not to be used, where its tables are newer than this program can work with, or
    /// where its user may not make them.
    pub async fn open(mut options: Options) -> Result<Self, OpenError> {
        let connection = Connection::open(&options.unhurried()).await?;
        bring_up(&connection, &options, &[LOG]).await?;
        let (identity, head) = identify(&connection).await?;
        let about = About::of(&connection, &options).await?;
        options.tail = Some(Arc::new(Tail::new(identity)));
        let readers = Readers::new(&options);
        let (bearers, asked) = Bearers::new();
        let shared = Arc::new(Shared::new(options, identity, readers, bearers, head));
        boundaries::start(&shared, asked);
        tokio::spawn(appender::run(shared.clone()));
        let saver = Saver::start(shared.clone());
        hints::start(&shared);
        Ok(Self { shared, saver, about })
    }

    /// Records events within a transaction of the caller's own on the log's database, as its last step: they are there once it has
    /// been committed, with everything else that it has written, or not at all. Nobody else appends before it has ended, so it is
    /// to be committed, or rolled back, right behind this; the server ends it where it stands still for [`Options::hold`].
    ///
    /// Dropped before it is answered, this has appended nothing. From here on the transaction should wait for no lock: whoever holds it
    /// may be waiting for this one. Its deferred constraints are looked at before the append, and not at the commit.
    ///
    /// # Errors
    /// Why the append is not taken. The transaction is then as it was before, and holds nobody up: it may go on, or be rolled back.
    pub async fn append_within(
        &self,
        transaction: &mut tokio_postgres::Transaction<'_>,
        append: Append,
    ) -> Result<Appended, WithinError> {
        within::append(&self.shared, transaction, append).await
    }

    /// The tables of aggregates' state, in the log's database.
    #[must_use]
    pub fn tables(&self) -> Arc<PostgresTables> {
        Arc::new(PostgresTables::new(self.shared.options.clone(), self.shared.columns.clone()))
    }

    /// What it was opened with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// The server behind it, as it was when it was opened.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Why the server cannot be reached at present; none where it can.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.shared.reach.problem()
    }

    /// Checks every event and every link up to the present head, and that what events are found by is what they say. Calls
    /// `progress` now and then with the position that it has come to and the last one.
    ///
    /// # Errors
    /// What is wrong with the log.
    pub async fn verify(&self, progress: &mut dyn FnMut(Position, Position)) -> Result<Verified, LogError> {
        let connection = Connection::open(&self.shared.options.unhurried()).await?;
        verify::verify(&connection, self.shared.identity, progress).await
    }
}

/// Which log it is, and how far it has come. A new one is given a name.
async fn identify(connection: &Connection) -> Result<(LogIdentity, Position), OpenError> {
    let id = Uuid::new_v4();
    let link = first_link(id.as_bytes());
    connection.run("BEGIN").await?;
    let is_new = connection
        .execute("INSERT INTO log_meta (log, epoch) VALUES ($1, 1) ON CONFLICT DO NOTHING", &[&id])
        .await?;
    if is_new > 0 {
        let link = &link[..];
        connection.execute("INSERT INTO log_head (position, link) VALUES (0, $1)", &[&link]).await?;
    }
    let rows =
        connection.query("SELECT log, epoch, (SELECT position FROM log_head) FROM log_meta", &[]).await?;
    connection.run("COMMIT").await?;
    let row = &rows[0];
    let epoch = u32::try_from(row.get::<_, i32>(1)).unwrap_or(1);
    let head: Option<i64> = row.get(2);
    let head = head.ok_or_else(|| OpenError::Tables(commit::NotBegun::NoHead.to_string()))?;
    Ok((LogIdentity { id: row.get(0), epoch }, from_sql(head)))
}

impl Drop for PostgresLog {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

impl EventLog for PostgresLog {
    fn identity(&self) -> LogIdentity {
        self.shared.identity
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn append(&self, append: Append) -> Later<'_, Result<Appended, AppendError>> {
        // Queued now, not when it is first polled: appends are taken in the order of the calls.
        let queued = Prepared::new(append).and_then(|prepared| match prepared.append.save {
            None => Ok(self.shared.queue.push(prepared)?.answer),
            Some(_) => self.saver.push(prepared),
        });
        Box::pin(async move {
            // The appender answers everything that it takes: only its end leaves somebody without an answer.
            gathered(queued?).await.unwrap_or(Err(AppendError::Closed))
        })
    }

    fn set_inline(&self, folds: Vec<Box<dyn InlineFold>>) {
        *self.shared.folds() = folds;
    }
}

impl LogReader for PostgresLog {
    fn head(&self) -> Position {
        self.shared.head()
    }

    fn wait_past(&self, position: Position) -> Later<'_, Position> {
        let mut moves = self.shared.moves();
        Box::pin(async move {
            match moves.wait_for(|head| *head > position).await {
                Ok(head) => *head,
                // invariant: the sender is ours.
                Err(_) => self.shared.head(),
            }
        })
    }

    fn read(&self, from: ReadFrom) -> Later<'_, Result<Events, LogError>> {
        Box::pin(self.shared.read(from))
    }
}

impl LogIndex for PostgresLog {
    fn find_key<'a>(
        &'a self,
        tenant: &'a Tenant,
        key: &'a str,
    ) -> Later<'a, Result<Option<KeyRecord>, LogError>> {
        Box::pin(self.shared.key_record(tenant, key))
    }

    fn find_tag<'a>(
        &'a self,
        tenant: &'a Tenant,
        tag: &'a Tag,
    ) -> Later<'a, Result<Option<Position>, LogError>> {
        Box::pin(self.shared.tagged(tenant, tag))
    }

    fn stream_version<'a>(
        &'a self,
        tenant: &'a Tenant,
        stream: &'a StreamId,
    ) -> Later<'a, Result<Version, LogError>> {
        Box::pin(self.shared.version(tenant, stream))
    }
}

impl Snapshots for PostgresLog {
    fn load_snapshot<'a>(&'a self, tenant: &'a Tenant, stream: &'a StreamId) -> Later<'a, Option<Snapshot>> {
        Box::pin(self.shared.load_snapshot(tenant, stream))
    }

    fn save_snapshot(&self, tenant: &Tenant, stream: &StreamId, snapshot: Snapshot) {
        self.shared.save_snapshot(tenant, stream, snapshot);
    }
}
