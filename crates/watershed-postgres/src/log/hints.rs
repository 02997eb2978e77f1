//! Hints between processes that the log has come further. A hint is never the truth: whoever gets one looks at the log's end, and
//! looks now and then without one.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_postgres::Row;
use watershed_core::Position;
use watershed_core::ports::LogError;
use watershed_store::{from_sql, to_sql};

use super::commit::NotBegun;
use super::shared::Shared;
use crate::connection::{Connection, Values, quoted};
use crate::error::OpenError;

/// Hints are not sent more often.
const PAUSE: Duration = Duration::from_millis(2);
/// Nor, once so many events have come at once, than after the longer pause: each hint wakes four processes, which are in the way of
/// those that append.
const CROWD: u64 = 32;
const LONG_PAUSE: Duration = Duration::from_millis(15);
/// How often it is looked whether there is anybody to be told.
const LOOK: Duration = Duration::from_secs(1);
/// A listener that could not connect tries again after this long.
const AGAIN: Duration = Duration::from_secs(1);
/// Of the commit of a user's own transaction nobody here is told: as long as one may come, it is looked for so often.
const SOON: Duration = Duration::from_millis(3);
/// Whoever gets hints looks without one so many times less often.
const LESS_OFTEN: u32 = 5;

/// What the log's processes call each other by: a channel, and the number of the lock of those who listen.
pub(super) struct Channel {
    name: String,
    lock: i64,
}

impl Channel {
    pub(super) fn of(schema: &str) -> Self {
        let context = "watershed postgres 2026 hints";
        let hash = blake3::derive_key(context, schema.as_bytes());
        Self {
            name: format!("watershed_{}", uuid::Uuid::from_slice(&hash[..16]).unwrap_or_default().simple()),
            lock: number(context, schema),
        }
    }
}

/// The number of a lock that is the schema's.
pub(super) fn number(context: &'static str, schema: &str) -> i64 {
    let hash = blake3::derive_key(context, schema.as_bytes());
    let mut number = [0; 8];
    number.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(number)
}

/// Looks for what other processes have appended.
pub(super) async fn follow(shared: Weak<Shared>) {
    let mut ears = Ears { open: None, tried: None };
    let Some(mut calls) = shared.upgrade().map(|shared| shared.calls()) else { return };
    loop {
        let Some(present) = shared.upgrade() else { return };
        if present.queue.is_closed() {
            return;
        }
        ears.keep_open(&present).await;
        let asked = ears.look(&present).await;
        let problem = match asked.as_ref().map(|rows| rows.first()) {
            Ok(Some(row)) => see(&present, row),
            Ok(None) => Some(NotBegun::NoHead.to_string()),
            Err(error) => Some(error.to_string()),
        };
        present.reach.set(problem);
        let poll = present.options.poll;
        let (is_soon, moves) = (present.awaited().is_some(), present.moves());
        drop(present);
        if is_soon {
            tokio::time::sleep(SOON).await;
            continue;
        }
        tokio::select! {
            () = ears.hear(poll, &moves) => {}
            _ = calls.changed() => tokio::time::sleep(SOON).await,
        }
    }
}

/// Takes note of the log's end, and says what is wrong with it.
fn see(shared: &Shared, end: &Row) -> Option<String> {
    let head = from_sql(end.get(0));
    if let Ok(link) = end.get::<_, &[u8]>(1).try_into() {
        shared.saw(head, link);
    }
    match shared.awaited() {
        Some(position) if head >= position => shared.committed(head),
        _ => shared.publish(head),
    }
    let (epoch, mine) = (end.get::<_, Option<i32>>(2), shared.identity.epoch);
    let is_mine = epoch.is_some_and(|epoch| u32::try_from(epoch) == Ok(mine));
    (!is_mine).then(|| {
        format!(
            "the log is in epoch {}, and was in epoch {mine} when this process began: another one has found that acknowledged events \
             were lost, as by a failover to a standby that had not come so far. Start this node anew",
            epoch.unwrap_or_default()
        )
    })
}

/// A connection that listens, where there is one, and what it hears.
struct Ears {
    open: Option<(Connection, watch::Receiver<u64>)>,
    tried: Option<Instant>,
}

impl Ears {
    async fn keep_open(&mut self, shared: &Shared) {
        self.open = self.open.take().filter(|(connection, _)| !connection.is_closed());
        if self.open.is_some() || self.tried.is_some_and(|tried| tried.elapsed() < AGAIN) {
            return;
        }
        self.tried = Some(Instant::now());
        match listen(shared).await {
            Ok(connection) => {
                let told = connection.told();
                self.open = Some((connection, told));
            }
            Err(error) => tracing::debug!(%error, "the log's other processes are looked for without hints"),
        }
    }

    /// Looks at the log's end: by the connection that has brought the hint, where there is one, since no other has to be woken.
    async fn look(&self, shared: &Shared) -> Result<Vec<Row>, LogError> {
        const HEAD: &str = include_str!("sql/select_head.sql");
        if let Some((connection, _)) = &self.open
            && let Ok(rows) = connection.query(HEAD, &[]).await
        {
            return Ok(rows);
        }
        shared.readers.query(HEAD, &[]).await
    }

    /// Waits for a hint of something that is not known yet, or for as long as it is to go without.
    async fn hear(&mut self, poll: Duration, head: &watch::Receiver<Position>) {
        let Some((_, told)) = &mut self.open else { return tokio::time::sleep(poll).await };
        let hint = async {
            // One that has come since the last look is heard at once.
            while told.changed().await.is_ok() {
                if *told.borrow_and_update() > *head.borrow() {
                    return true;
                }
            }
            false
        };
        if let Ok(false) = tokio::time::timeout(poll * LESS_OFTEN, hint).await {
            tokio::time::sleep(poll).await;
        }
    }
}

async fn listen(shared: &Shared) -> Result<Connection, OpenError> {
    let connection = Connection::open(&shared.options).await?;
    connection.query(include_str!("sql/listen_lock.sql"), &[&shared.channel.lock]).await?;
    connection.run(&format!("LISTEN {}", quoted(&shared.channel.name))).await?;
    Ok(connection)
}

/// Tells the other processes that the log has come further, where there are any.
pub(super) async fn announce(shared: Weak<Shared>) {
    let Some(mut own) = shared.upgrade().map(|shared| shared.own()) else { return };
    let (mut others, mut looked) = (false, None::<Instant>);
    let mut before: Position = 0;
    loop {
        // Ends with the log, whose sender it is.
        if own.changed().await.is_err() {
            return;
        }
        let head = *own.borrow_and_update();
        let Some(present) = shared.upgrade() else { return };
        if looked.is_none_or(|looked| looked.elapsed() > LOOK) {
            looked = Some(Instant::now());
            let found =
                present.readers.query(include_str!("sql/listeners.sql"), &[&present.channel.lock]).await;
            others = found.is_ok_and(|rows| rows.first().is_some_and(|row| row.get::<_, i64>(0) > 1));
        }
        let come = head.saturating_sub(before);
        before = head;
        if others {
            // One that is lost is made up for by looking.
            let values: Values<'_> = &[&present.channel.name, &to_sql(head)];
            let _ = present.readers.query(include_str!("sql/notify.sql"), values).await;
        }
        drop(present);
        tokio::time::sleep(if come < CROWD { PAUSE } else { LONG_PAUSE }).await;
    }
}

/// Starts both.
pub(super) fn start(shared: &Arc<Shared>) {
    tokio::spawn(follow(Arc::downgrade(shared)));
    tokio::spawn(announce(Arc::downgrade(shared)));
}
