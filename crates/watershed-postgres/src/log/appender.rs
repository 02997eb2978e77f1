//! The task that commits what waits, group by group.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use watershed_core::Position;
use watershed_core::ports::AppendError;
use watershed_store::to_sql;

use super::ahead;
use super::alone::Alone;
use super::commit::{self, Begun, LOCK, Look, NotBegun};
use super::group::{Group, Placed};
use super::moved;
use super::prepared::{Queued, tell};
use super::recent::Recent;
use super::shared::Shared;
use super::wanted::Wanted;
use crate::connection::{Backend, Connection};
use crate::error::{OpenError, ends_connection, in_words};
use crate::options::Options;
use watershed_store::Answer;

/// How long to wait before a server is tried again that could not be reached, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Up to so many events go in one statement; more are copied.
const FEW: usize = 16;

/// Commits until the queue is closed and empty.
pub(super) async fn run(shared: Arc<Shared>) {
    // Whoever waits is told, also where a fold panics and ends the task.
    let _abandons = Abandons(shared.clone());
    let mut appender =
        Appender { shared, connection: None, recent: None, alone: Alone::default(), lost: None };
    while appender.shared.queue.waits().await {
        let mut group = Vec::new();
        appender.shared.queue.take(appender.shared.options.group, &mut group);
        appender.commit(group).await;
    }
}

struct Abandons(Arc<Shared>);

impl Drop for Abandons {
    fn drop(&mut self) {
        self.0.queue.abandon();
    }
}

struct Appender {
    shared: Arc<Shared>,
    connection: Option<Arc<Connection>>,
    /// Where the log ends, as the last commit left it.
    recent: Option<Recent>,
    alone: Alone,
    /// Since when the server has not been reached.
    lost: Option<Instant>,
}

/// Why a group was not committed. Nothing of it is there.
enum Failed {
    /// The server could not be reached, or went away: it may be back soon.
    Lost(String),
    For(AppendError),
}

impl Appender {
    async fn commit(&mut self, appends: Vec<Queued>) {
        match self.insist(&appends).await {
            Ok(answers) => {
                for (queued, answer) in appends.into_iter().zip(answers) {
                    tell(queued, answer);
                }
            }
            Err(failed) => {
                for queued in appends {
                    tell(queued, Err(failed.clone()));
                }
            }
        }
    }

    /// Commits the appends, and says what each is to be answered. A server that goes away is waited for, though not for ever; once
    /// that was in vain, callers are told at once until it is back.
    async fn insist(&mut self, appends: &[Queued]) -> Result<Vec<Answer>, AppendError> {
        let mut pause = PAUSES.0;
        loop {
            let problem = match self.try_commit(appends).await {
                Ok(answers) => {
                    self.lost = None;
                    return Ok(answers);
                }
                Err(Failed::For(error)) => return Err(error),
                Err(Failed::Lost(problem)) => problem,
            };
            let lost = *self.lost.get_or_insert_with(Instant::now);
            if lost.elapsed() > self.shared.options.patience || self.shared.queue.is_closed() {
                return Err(AppendError::ReadOnly(problem));
            }
            tracing::warn!(problem, "the log's server cannot be reached; it is tried again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    async fn try_commit(&mut self, appends: &[Queued]) -> Result<Vec<Answer>, Failed> {
        let connection = self.connected().await?;
        let wanted = Wanted::of(appends);
        let likely = self.alone.is_likely();
        let events: usize = appends.iter().map(|queued| queued.append.append.events.len()).sum();
        if likely
            && events <= FEW
            && let Some(answers) = self.commit_ahead(&connection, appends, &wanted).await?
        {
            return Ok(answers);
        }
        let look = Look { trust: likely, keys: false };
        match self.commit_locked(&connection, appends, &wanted, look).await? {
            Some(answers) => Ok(answers),
            // One of the keys has been used, or may have been: which one, and where?
            None => {
                match self.commit_locked(&connection, appends, &wanted, Look { keys: true, ..look }).await? {
                    Some(answers) => Ok(answers),
                    None => Err(Failed::For(AppendError::ReadOnly(
                        "an idempotency key has been used, and is not found".to_owned(),
                    ))),
                }
            }
        }
    }

    /// On what is known. None where it is not so any more, or not enough: nothing has been committed then.
    async fn commit_ahead(
        &mut self,
        connection: &Connection,
        appends: &[Queued],
        wanted: &Wanted,
    ) -> Result<Option<Vec<Answer>>, Failed> {
        let head = self.shared.head();
        let Some(mut recent) = self.recent.take_if(|recent| recent.head == head) else { return Ok(None) };
        let unsaid = wanted.unsaid(|stream| recent.knows(stream));
        if !unsaid.is_empty() {
            let found = commit::versions(connection, &unsaid).await;
            recent.remember(found.map_err(|error| self.failed(connection, &error))?);
        }
        let Some((known, trust)) = ahead::known(&recent, wanted, appends) else {
            self.recent = Some(recent);
            return Ok(None);
        };
        let (group, answers) = Group::take(known, appends, &mut self.shared.folds());
        if group.leaves_keys(appends) && !group.placed.is_empty() {
            drop(group);
            self.recent = Some(recent);
            return Ok(None);
        }
        let seal = group.seal(trust.link);
        let written = match ahead::write(connection, &group, &seal, &trust).await {
            Err(error) if commit::is_key_taken(&error) => false,
            Err(error) => self.settle(connection, group.placed.first(), &error).await.map(|()| true)?,
            Ok(written) => written,
        };
        if !written {
            drop(group);
            self.recent = Some(recent);
            return Ok(None);
        }
        self.shared.passed(recent.head, &group);
        recent.pass(group, seal.link);
        self.stand(recent);
        Ok(Some(answers))
    }

    /// Under the head's lock. None where idempotency keys have to be looked for, and were not.
    async fn commit_locked(
        &mut self,
        connection: &Connection,
        appends: &[Queued],
        wanted: &Wanted,
        look: Look,
    ) -> Result<Option<Vec<Answer>>, Failed> {
        let before = self.recent.take();
        let end = before.as_ref().map(|recent| (recent.head, recent.link));
        let begun = commit::begin(connection, "BEGIN", appends, wanted, before, look).await;
        let Begun { known, mut recent } = begun.map_err(|problem| match problem {
            NotBegun::Database(error) => self.failed(connection, &error),
            NotBegun::NoHead => {
                // Its transaction goes with it.
                self.connection = None;
                Failed::For(AppendError::ReadOnly(problem.to_string()))
            }
        })?;
        // Whoever loses to another process reads on from there.
        self.shared.publish(known.head);
        self.alone.has_met(end.is_none_or(|end| end == (recent.head, recent.link)));
        let (group, answers) = Group::take(known, appends, &mut self.shared.folds());
        if !look.keys && group.leaves_keys(appends) {
            drop(group);
            self.recent = Some(recent);
            connection.run("ROLLBACK").await.map_err(|error| self.failed(connection, &error))?;
            return Ok(None);
        }
        let seal = group.seal(&recent.link);
        match commit::end(connection, &group, &seal).await {
            Ok(()) => {}
            Err(error) if !look.keys && commit::is_key_taken(&error) => {
                drop(group);
                self.recent = Some(recent);
                return Ok(None);
            }
            Err(error) => self.settle(connection, group.placed.first(), &error).await?,
        }
        self.shared.passed(recent.head, &group);
        recent.pass(group, seal.link);
        self.stand(recent);
        Ok(Some(answers))
    }

    fn stand(&mut self, recent: Recent) {
        self.shared.saw(recent.head, &recent.link);
        self.shared.committed(recent.head);
        self.recent = Some(recent);
    }

    /// A transaction that is given up, or a connection that is gone: the next one begins anew.
    fn failed(&mut self, connection: &Connection, error: &tokio_postgres::Error) -> Failed {
        self.connection = None;
        let problem = in_words(error);
        if connection.is_closed() || ends_connection(error) {
            Failed::Lost(problem)
        } else {
            Failed::For(AppendError::ReadOnly(problem))
        }
    }

    /// A commit has not been answered as it should: answers whether it took place.
    async fn settle(
        &mut self,
        connection: &Connection,
        first: Option<&Placed<'_>>,
        error: &tokio_postgres::Error,
    ) -> Result<(), Failed> {
        let failed = self.failed(connection, error);
        match (failed, first) {
            (Failed::Lost(problem), Some(first)) => {
                let id = Uuid::from_slice(first.row().id).unwrap_or_default();
                let found = tokio::select! {
                    found = resolve(&self.shared, first.position, id, connection.backend()) => found,
                    never = refuse_others(&self.shared, &problem) => match never {},
                };
                match found {
                    Some(true) => Ok(()),
                    Some(false) => Err(Failed::Lost(problem)),
                    None => Err(Failed::For(AppendError::Closed)),
                }
            }
            (failed, _) => Err(failed),
        }
    }

    async fn connected(&mut self) -> Result<Arc<Connection>, Failed> {
        if let Some(connection) = self.connection.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        let opened = open(&self.shared).await.map_err(|error| Failed::Lost(error.to_string()))?;
        Ok(self.connection.insert(Arc::new(opened)).clone())
    }
}

async fn open(shared: &Shared) -> Result<Connection, OpenError> {
    let connection = Connection::open(&shared.options).await?;
    connection.prepare(commit::STATEMENTS).await?;
    connection.prepare(moved::STATEMENTS).await?;
    connection.prepare(ahead::STATEMENTS).await?;
    Ok(connection)
}

/// Tells those who come meanwhile, of whom nothing has been sent, that the server cannot be reached.
async fn refuse_others(shared: &Shared, problem: &str) -> Infallible {
    tokio::time::sleep(shared.options.patience).await;
    while shared.queue.waits().await {
        let mut waiting = Vec::new();
        shared.queue.take(shared.options.group, &mut waiting);
        for queued in waiting {
            tell(queued, Err(AppendError::ReadOnly(problem.to_owned())));
        }
    }
    std::future::pending().await
}

/// The connection was lost, and whether the commit took place is not known: waits until the database can say. None where the log
/// is closed before that.
pub(super) async fn resolve(shared: &Shared, position: Position, id: Uuid, lost: &Backend) -> Option<bool> {
    let (mut pause, begun) = (PAUSES.0, Instant::now());
    loop {
        match find(shared, position, id, lost).await {
            Ok(is_there) => return Some(is_there),
            Err(error) => {
                tracing::warn!(%error, position, "whether a commit took place is not known yet");
            }
        }
        if shared.queue.is_closed() && begun.elapsed() > shared.options.patience {
            return None;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Whoever asks for the head's lock has it only when a transaction that has written is over. One that has not, because what was
/// sent is still on its way, must not begin to after the answer: its end of the connection is ended.
async fn find(shared: &Shared, position: Position, id: Uuid, lost: &Backend) -> Result<bool, OpenError> {
    // Whatever has become of the log: what is there, is there.
    let options = Options { tail: None, ..shared.options.clone() };
    let connection = Connection::open(&options).await?;
    connection.prepare(&[LOCK]).await?;
    connection.run("BEGIN").await?;
    commit::end_of(&connection.query(LOCK, &[]).await?)
        .map_err(|error| OpenError::Tables(error.to_string()))?;
    let ended = connection.query(include_str!("sql/end_backend.sql"), &[&lost.process, &lost.begun]).await?;
    if ended.first().is_some_and(|row| !row.get::<_, bool>(0)) {
        return Err(OpenError::Silent(Duration::from_secs(5)));
    }
    let rows = connection.query("SELECT id FROM events WHERE position = $1", &[&to_sql(position)]).await?;
    connection.run("COMMIT").await?;
    Ok(rows.first().is_some_and(|row| row.get::<_, Uuid>(0) == id))
}
