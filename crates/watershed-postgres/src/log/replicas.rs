//! Standbys that pages of the past are read from, so that whoever folds the whole log leaves the primary alone.
//!
//! The log has no holes: a page that has as many events as it must have is whole, however far behind the standby is otherwise. What is
//! missing there, and everything that decisions rest on, is asked of the primary.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio_postgres::Row;
use uuid::Uuid;
use watershed_core::LogIdentity;

use crate::connection::{Connection, Values};
use crate::error::OpenError;
use crate::options::Options;

/// How long a standby is left alone that could not be asked.
const SHUNNED: Duration = Duration::from_secs(5);

pub(super) struct Replicas {
    identity: LogIdentity,
    next: AtomicUsize,
    seats: Vec<Seat>,
}

struct Seat {
    options: Options,
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    Closed,
    Open(Arc<Connection>),
    Shunned(Instant),
}

impl Replicas {
    pub(super) fn new(options: &Options, identity: LogIdentity) -> Self {
        let seat = |server: &String| Seat {
            options: Options { server: server.clone(), ..options.clone() },
            state: Mutex::default(),
        };
        Self { identity, next: AtomicUsize::new(0), seats: options.replicas.iter().map(seat).collect() }
    }

    /// What one of them answers; none where the primary has to be asked.
    pub(super) async fn query(&self, sql: &'static str, values: Values<'_>) -> Option<Vec<Row>> {
        let place = self.next.fetch_add(1, Ordering::Relaxed).checked_rem(self.seats.len())?;
        let seat = &self.seats[place];
        let connection = seat.connection(self.identity).await?;
        match connection.query(sql, values).await {
            Ok(rows) => Some(rows),
            Err(error) => {
                // A statement that was in the way of what came from the primary is no failure of the standby's.
                if connection.is_closed() {
                    *seat.state.lock().await = State::Closed;
                }
                tracing::debug!(error = crate::error::in_words(&error), "a standby did not answer");
                None
            }
        }
    }
}

impl Seat {
    /// The connection, opened where there is none. Whoever would have to wait for that asks the primary.
    async fn connection(&self, identity: LogIdentity) -> Option<Arc<Connection>> {
        let mut state = self.state.try_lock().ok()?;
        match &*state {
            State::Open(connection) if !connection.is_closed() => return Some(connection.clone()),
            State::Shunned(since) if since.elapsed() < SHUNNED => return None,
            _ => {}
        }
        match self.open(identity).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                *state = State::Open(connection.clone());
                Some(connection)
            }
            Err(error) => {
                tracing::warn!(place = self.options.place(), %error, "a standby is not asked");
                *state = State::Shunned(Instant::now());
                None
            }
        }
    }

    async fn open(&self, identity: LogIdentity) -> Result<Connection, OpenError> {
        let connection = Connection::open_standby(&self.options).await?;
        let rows = connection.query(include_str!("sql/select_identity.sql"), &[]).await?;
        let found = rows.first().map(|row| (row.get::<_, Uuid>(0), row.get::<_, i32>(1)));
        if found != Some((identity.id, i32::try_from(identity.epoch).unwrap_or(i32::MAX))) {
            return Err(OpenError::Refused("it has another log, or none".to_owned()));
        }
        Ok(connection)
    }
}
