//! Transactions of a user's own: a row that is changed, and an event that tells of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_postgres::{Client, Statement};
use watershed::runtime::Running;
use watershed_postgres::PostgresLog;

use super::{Plain, account};
use crate::coop::{family, key, risen};
use crate::error::Problem;
use crate::load::{Turns, closed_loop};
use crate::mix::mix;
use crate::raw::{RawEvent, STREAMS};
use crate::stats::Load;

/// Numbers from here on are those of events of users' own.
const OWN: u64 = 1 << 48;
/// And from here on, of these, those of the first transaction of each connection.
const FIRST: u64 = 1 << 36;

/// A connection of the user's.
struct Connection {
    client: Client,
    update: Statement,
    insert: Statement,
}

impl Connection {
    /// Changes a row and appends an event.
    async fn append(&mut self, log: &PostgresLog, running: &Running, number: u64) -> Result<(), Problem> {
        let mut transaction = self.client.transaction().await?;
        transaction.execute(&self.update, &[&account(mix(number) % STREAMS)]).await?;
        // Streams that no command is about.
        let id = family(STREAMS + mix(number) % STREAMS);
        let event = running.record(id, vec![risen(number)]).key(key(OWN + number));
        let append = event.append().map_err(Problem::product)?;
        log.append_within(&mut transaction, append).await.map_err(Problem::product)?;
        Ok(transaction.commit().await?)
    }

    /// Changes a row and inserts an event into a plain table.
    async fn insert(&mut self, number: u64) -> Result<(), Problem> {
        let transaction = self.client.transaction().await?;
        transaction.execute(&self.update, &[&account(mix(number) % STREAMS)]).await?;
        let event = RawEvent::numbered(number, STREAMS);
        let fingerprint = &event.sixteen_bytes()[..];
        transaction.execute(&self.insert, &[&event.stream, &event.payload, &event.key, &fingerprint]).await?;
        Ok(transaction.commit().await?)
    }
}

impl Plain<'_> {
    /// As many connections, each of which changes a row and appends an event in a transaction. Their numbers begin with `first`.
    pub(crate) async fn appends(
        &self,
        log: &Arc<PostgresLog>,
        running: &Running,
        first: u64,
        connections: u64,
        time: Duration,
    ) -> Result<Load, Problem> {
        let mut ready = self.connections(connections).await?;
        // What a connection does for the first time takes many times as long.
        for (place, connection) in ready.iter_mut().enumerate() {
            connection.append(log, running, first + FIRST + place as u64).await?;
        }
        each(ready, time, |mut connection, mut turns| {
            let (log, running) = (log.clone(), running.clone());
            async move {
                while let Some(number) = turns.next() {
                    connection.append(&log, &running, first + number).await?;
                    turns.done();
                }
                Ok(turns)
            }
        })
        .await
    }

    /// The same with an event in a plain table, with a position from a sequence: neither gapless nor in the order of the commits.
    pub(crate) async fn outbox(&self, connections: u64, time: Duration) -> Result<Load, Problem> {
        let mut ready = self.connections(connections).await?;
        for (place, connection) in ready.iter_mut().enumerate() {
            connection.insert(FIRST + place as u64).await?;
        }
        each(ready, time, |mut connection, mut turns| async move {
            while let Some(number) = turns.next() {
                connection.insert(number).await?;
                turns.done();
            }
            Ok(turns)
        })
        .await
    }

    async fn connections(&self, connections: u64) -> Result<Vec<Connection>, Problem> {
        let mut ready = Vec::new();
        for _ in 0..connections {
            let client = self.server.within(&self.schema).await?;
            let update = client.prepare(include_str!("sql/update_account.sql")).await?;
            let insert = client.prepare(include_str!("sql/insert_event.sql")).await?;
            ready.push(Connection { client, update, insert });
        }
        Ok(ready)
    }
}

async fn each<F>(
    ready: Vec<Connection>,
    time: Duration,
    caller: impl Fn(Connection, Turns) -> F,
) -> Result<Load, Problem>
where
    F: Future<Output = Result<Turns, Problem>> + Send + 'static,
{
    let (connections, ready) = (ready.len() as u64, Mutex::new(ready));
    closed_loop(connections, time, |turns| {
        let mine = ready.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let called = mine.map(|connection| caller(connection, turns));
        async move {
            match called {
                Some(called) => called.await,
                None => Err(Problem::Stopped("a connection")),
            }
        }
    })
    .await
}
