//! Standbys that are asked what they know as well as the primary does, so that it is left alone.
//!
//! The log has no holes: a page that has as many events as it must have is whole, however far behind the standby is otherwise. Rows say
//! up to which position they are folded. What is missing there, and everything that decisions rest on, is asked of the primary.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use watershed_core::LogIdentity;

use crate::connection::{Connection, Values};
use crate::error::{OpenError, in_words};
use crate::options::Options;

/// How long a standby is left alone that could not be asked.
const SHUNNED: Duration = Duration::from_secs(5);
/// How long one is waited for: the primary can be asked as well.
const PATIENCE: Duration = Duration::from_secs(2);

const IDENTITY: &str = include_str!("log/sql/select_identity.sql");
const FOLLOWS: &str = include_str!("connection/follows.sql");

pub(crate) struct Replicas {
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
    /// The standbys, with so many connections to each; none is opened before it is asked for.
    pub(crate) fn new(options: &Options, identity: LogIdentity, each: usize) -> Self {
        let seat = |server: &String| Seat {
            options: Options { server: server.clone(), ..options.clone() },
            state: Mutex::default(),
        };
        let seats = (0..each.max(1)).flat_map(|_| options.replicas.iter().map(seat)).collect();
        Self { identity, next: AtomicUsize::new(0), seats }
    }

    /// The next of them; none where the primary has to be asked.
    pub(crate) async fn next(&self) -> Option<Standby<'_>> {
        let place = self.next.fetch_add(1, Ordering::Relaxed).checked_rem(self.seats.len())?;
        let seat = &self.seats[place];
        Some(Standby { connection: seat.connection(self.identity).await?, seat })
    }

    /// What one of them answers; none where the primary has to be asked.
    pub(crate) async fn query(&self, sql: &'static str, values: Values<'_>) -> Option<Vec<Row>> {
        let standby = self.next().await?;
        match standby.connection.query(sql, values).await {
            Ok(rows) => Some(rows),
            Err(error) => {
                standby.has_failed(&in_words(&error)).await;
                None
            }
        }
    }
}

/// A standby that is asked.
pub(crate) struct Standby<'r> {
    pub(crate) connection: Arc<Connection>,
    seat: &'r Seat,
}

impl Standby<'_> {
    /// What it answers, where it still follows the primary afterwards, and answers soon.
    pub(crate) async fn answer<T, E: fmt::Debug>(
        &self,
        asked: impl Future<Output = Result<T, E>>,
    ) -> Option<T> {
        let answered = async {
            let answer = asked.await.map_err(|error| format!("{error:?}"))?;
            // One that has been promoted may have gone another way since.
            let follows = self.connection.query(FOLLOWS, &[]).await.map_err(|error| in_words(&error))?;
            match follows.first().map(|row| row.get(0)) {
                Some(true) => Ok(answer),
                _ => Err("it is no standby any more".to_owned()),
            }
        };
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(problem)) => {
                self.has_failed(&problem).await;
                None
            }
            Err(_) => {
                tracing::warn!(
                    place = self.seat.options.place(),
                    "a standby does not answer, and is not asked"
                );
                *self.seat.state.lock().await = State::Shunned(Instant::now());
                None
            }
        }
    }

    /// A statement that was in the way of what came from the primary is no failure of the standby's.
    async fn has_failed(&self, problem: &str) {
        if self.connection.is_closed() {
            *self.seat.state.lock().await = State::Closed;
        }
        tracing::debug!(problem, "a standby did not answer");
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
        let opened = tokio::time::timeout(PATIENCE, self.open(identity)).await;
        match opened.unwrap_or(Err(OpenError::Silent(PATIENCE))) {
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
        if identity_of(&connection).await? != Some(identity) {
            return Err(OpenError::Refused("it has another log, or none".to_owned()));
        }
        Ok(connection)
    }
}

/// The identity of the log in the connection's schema; none where there is none.
pub(crate) async fn identity_of(connection: &Connection) -> Result<Option<LogIdentity>, OpenError> {
    match connection.query(IDENTITY, &[]).await {
        Ok(rows) => Ok(rows.first().map(|row| LogIdentity {
            id: row.get(0),
            epoch: u32::try_from(row.get::<_, i32>(1)).unwrap_or(1),
        })),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
