//! Connections: some that read, and each take the questions of several callers; and others that are lent to one at a time.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_postgres::Row;

use super::failure::Failure;
use crate::connection::{Connection, Values};
use crate::error::OpenError;
use crate::options::Options;

/// How many connections are kept for those who are yet to borrow one.
const IDLE: usize = 8;

pub(crate) struct Pool {
    options: Options,
    /// What each connection is told when it is opened.
    session: &'static str,
    next: AtomicUsize,
    seats: Vec<tokio::sync::Mutex<Option<Arc<Connection>>>>,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    pub(crate) fn new(options: &Options) -> Self {
        Self::with_session(options, "")
    }

    /// Connections that are each told something when they are opened.
    pub(crate) fn with_session(options: &Options, session: &'static str) -> Self {
        let seats = (0..options.readers.max(1)).map(|_| tokio::sync::Mutex::default()).collect();
        let (options, next, idle) = (options.clone(), AtomicUsize::new(0), Mutex::default());
        Self { options, session, next, seats, idle }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    async fn open(&self) -> Result<Connection, OpenError> {
        let opened = Connection::open(&self.options).await?;
        if !self.session.is_empty() {
            opened.run(self.session).await?;
        }
        Ok(opened)
    }

    /// A connection that reads, opened where it is not there or has been lost.
    async fn reader(&self) -> Result<Arc<Connection>, OpenError> {
        let seat = &self.seats[self.next.fetch_add(1, Ordering::Relaxed) % self.seats.len()];
        let mut seat = seat.lock().await;
        if let Some(connection) = seat.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        let opened = Arc::new(self.open().await?);
        *seat = Some(opened.clone());
        Ok(opened)
    }

    /// Asks; once more where the connection turns out to be lost.
    pub(crate) async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Failure> {
        let connection = self.reader().await?;
        match connection.query(sql, values).await.map_err(Failure::from) {
            Err(failure) if failure.is_lost() => {}
            asked => return asked,
        }
        Ok(self.reader().await?.query(sql, values).await?)
    }

    fn idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| !connection.is_closed());
        idle.pop()
    }

    /// A connection for the caller alone.
    pub(crate) async fn lend(self: &Arc<Self>) -> Result<Lent, Failure> {
        let connection = match self.idle() {
            Some(connection) => connection,
            None => self.open().await?,
        };
        Ok(Lent { connection, pool: self.clone() })
    }
}

/// A connection that is lent. It is closed where it is not given back: so is a transaction that it is in.
pub(crate) struct Lent {
    connection: Connection,
    pool: Arc<Pool>,
}

impl Deref for Lent {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Lent {
    /// Gives it back: it is in no transaction, and as it was.
    pub(crate) fn give_back(self) {
        let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE && !self.connection.is_closed() {
            idle.push(self.connection);
        }
    }

    /// Ends the transaction as its work has ended: the connection is given back where both are well, or where all is undone.
    pub(crate) async fn end<T>(self, done: Result<T, Failure>) -> Result<T, Failure> {
        match done {
            Ok(done) => {
                self.run("COMMIT").await?;
                self.give_back();
                Ok(done)
            }
            Err(failure) => {
                if !failure.is_lost() && self.run("ROLLBACK").await.is_ok() {
                    self.give_back();
                }
                Err(failure)
            }
        }
    }
}
