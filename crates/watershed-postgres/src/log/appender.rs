//! The task that commits what waits, group by group.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use watershed_core::ports::AppendError;
use watershed_store::to_sql;

use super::commit::{self, LOCK, STATEMENTS};
use super::group::Group;
use super::queue::{Answer, Queued};
use super::shared::Shared;
use crate::connection::Connection;
use crate::error::in_words;

/// How long to wait before a server is tried again that could not be reached, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Commits until the queue is closed and empty.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut appender = Appender { shared, connection: None };
    while let Some(group) = appender.shared.queue.next(appender.shared.options.group).await {
        appender.commit(group).await;
    }
}

struct Appender {
    shared: Arc<Shared>,
    connection: Option<Arc<Connection>>,
}

impl Appender {
    async fn commit(&mut self, mut appends: Vec<Queued>) {
        let mut answers = Vec::with_capacity(appends.len());
        let done = self.try_commit(&mut appends, &mut answers).await;
        // Those that were not looked at are still with their appends.
        for (answer, said) in answers {
            let _ = answer.send(match &done {
                Ok(()) => said,
                // A refusal rests on what is there, also where nothing could be written.
                Err(failed) => said.and_then(|_| Err(failed.clone())),
            });
        }
        if let Err(failed) = done {
            for queued in appends {
                let _ = queued.answer.send(Err(failed.clone()));
            }
        }
    }

    /// Commits the appends, and says what each is to be answered once that is so.
    async fn try_commit(
        &mut self,
        appends: &mut Vec<Queued>,
        answers: &mut Vec<(tokio::sync::oneshot::Sender<Answer>, Answer)>,
    ) -> Result<(), AppendError> {
        let connection = self.connected().await.map_err(AppendError::ReadOnly)?;
        let connection = &connection;
        let begun = commit::begin(connection, appends).await;
        let (known, link) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                // A transaction that is given up, or a connection that is gone: the next one begins anew.
                self.connection = None;
                return Err(AppendError::ReadOnly(in_words(&error)));
            }
        };
        // Whoever loses to another process reads on from there.
        self.shared.publish(known.head);
        let mut group = Group::over(known);
        {
            let mut folds = self.shared.folds();
            for (place, Queued { append, answer }) in appends.drain(..).enumerate() {
                answers.push((answer, group.take(place, append, &mut folds)));
            }
        }
        let first =
            group.staged.first().map(|staged| (staged.event.position, *staged.event.envelope.id.as_bytes()));
        if let Err(error) = commit::end(connection, &group, &link).await {
            let lost = connection.is_closed();
            self.connection = None;
            let is_there = match first {
                Some((position, id)) if lost => self.resolve(position, Uuid::from_bytes(id)).await,
                _ => Some(false),
            };
            match is_there {
                Some(true) => {}
                Some(false) => return Err(AppendError::ReadOnly(in_words(&error))),
                None => return Err(AppendError::Closed),
            }
        }
        self.shared.publish(group.last());
        Ok(())
    }

    async fn connected(&mut self) -> Result<Arc<Connection>, String> {
        if let Some(connection) = self.connection.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        let opened = self.open().await.map_err(|error| in_words(&error))?;
        Ok(self.connection.insert(Arc::new(opened)).clone())
    }

    async fn open(&self) -> Result<Connection, tokio_postgres::Error> {
        let connection = Connection::open(&self.shared.options).await?;
        connection.prepare(STATEMENTS).await?;
        Ok(connection)
    }

    /// The connection was lost, and whether the commit took place is not known: waits until the database can say. Whoever asks
    /// for the head's lock has it only when the lost transaction is over. None where the log is closed before that.
    async fn resolve(&mut self, position: u64, id: Uuid) -> Option<bool> {
        let (mut pause, begun) = (PAUSES.0, Instant::now());
        loop {
            match self.find(position, id).await {
                Ok(is_there) => return Some(is_there),
                Err(error) => {
                    let error = in_words(&error);
                    tracing::warn!(error, position, "whether a commit took place is not known yet");
                }
            }
            if self.shared.queue.is_closed() && begun.elapsed() > self.shared.options.patience {
                return None;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    async fn find(&self, position: u64, id: Uuid) -> Result<bool, tokio_postgres::Error> {
        let connection = self.open().await?;
        connection.run("BEGIN").await?;
        connection.query(LOCK, &[]).await?;
        let rows =
            connection.query("SELECT id FROM events WHERE position = $1", &[&to_sql(position)]).await?;
        connection.run("COMMIT").await?;
        Ok(rows.first().is_some_and(|row| row.get::<_, Uuid>(0) == id))
    }
}
