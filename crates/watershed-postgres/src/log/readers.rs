//! The connections that read. Each takes the questions of several callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::Mutex;
use tokio_postgres::Row;
use watershed_core::ports::LogError;

use crate::connection::{Connection, Values};
use crate::error::{OpenError, ends_connection, store_error};
use crate::options::Options;

pub(super) struct Readers {
    options: Options,
    next: AtomicUsize,
    seats: Vec<Mutex<Option<Arc<Connection>>>>,
}

impl Readers {
    pub(super) fn new(options: &Options) -> Self {
        let seats = (0..options.readers.max(1)).map(|_| Mutex::default()).collect();
        Self { options: options.clone(), next: AtomicUsize::new(0), seats }
    }

    /// A connection, opened where it is not there or has been lost.
    async fn connection(&self) -> Result<Arc<Connection>, OpenError> {
        let seat = &self.seats[self.next.fetch_add(1, Ordering::Relaxed) % self.seats.len()];
        let mut seat = seat.lock().await;
        if let Some(connection) = seat.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        let opened = Arc::new(Connection::open(&self.options).await?);
        *seat = Some(opened.clone());
        Ok(opened)
    }

    /// Asks; once more where the connection turns out to be lost, and so may each of the others be. Where that took its time, the
    /// network carries nothing, and the others are no better.
    pub(super) async fn query(&self, sql: &'static str, values: Values<'_>) -> Result<Vec<Row>, LogError> {
        let begun = Instant::now();
        for _ in &self.seats {
            let connection = self.connection().await?;
            match connection.query(sql, values).await {
                Err(error)
                    if (connection.is_closed() || ends_connection(&error))
                        && begun.elapsed() <= self.options.patience => {}
                asked => return asked.map_err(|error| store_error(&error)),
            }
        }
        let connection = self.connection().await?;
        connection.query(sql, values).await.map_err(|error| store_error(&error))
    }

    /// Does something that gives no rows.
    pub(super) async fn execute(&self, sql: &'static str, values: Values<'_>) -> Result<(), LogError> {
        let connection = self.connection().await?;
        connection.execute(sql, values).await.map(drop).map_err(|error| store_error(&error))
    }
}
