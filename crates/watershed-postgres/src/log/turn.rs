//! A process's turn among those that append to one log.
//!
//! They could all stand in line for the head, group by group. But each time another process has to be woken, to learn what has come,
//! and to write one group, while nothing else is under way. So those who are not alone stand in line for a lock of their own; each
//! has it for some milliseconds, and sends its groups one behind the other meanwhile, as if it were alone. It is a matter of courtesy:
//! what guards the log is that the statement of each group finds the end that the group rests on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::hints::number;
use crate::connection::{Asks, Connection};

const TAKE: &str = include_str!("sql/take_turn.sql");
const GIVE_BACK: &str = include_str!("sql/give_turn_back.sql");

pub(super) const STATEMENTS: &[&str] = &[TAKE];

/// A turn is no longer than this.
const LONG: Duration = Duration::from_millis(10);
/// Where nothing is under way any more, it is kept for so long: those who have been told together come again together.
const IDLE: Duration = Duration::from_millis(1);
/// A process that stands still may have its turn: another one waits no longer than this, in milliseconds.
const PATIENCE: &str = "250";
/// After that, so many groups go without turns, at first and at most.
const WITHOUT: (u32, u32) = (256, 4_096);
/// Transactions of users' own take no turns. Where somebody has come in between, so many groups are committed singly, at first and at
/// most.
const SINGLY: (u32, u32) = (64, 1_024);

/// How the next group of a process that is not alone gets its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// With those that follow it in the same turn.
    Ahead,
    /// By itself, under the head's lock: in a turn, or without.
    Singly { in_turn: bool },
}

pub(super) struct Turn {
    number: i64,
    /// None where it is somebody else's.
    begun: Option<Instant>,
    singly: Countdown,
    without: Countdown,
}

impl Turn {
    pub(super) fn of(schema: &str) -> Self {
        let number = number("watershed postgres 2026 turns of processes", schema);
        let (singly, without) = (Countdown::new(SINGLY), Countdown::new(WITHOUT));
        Self { number, begun: None, singly, without }
    }

    pub(super) fn way(&mut self) -> Way {
        if self.without.counts() {
            return Way::Singly { in_turn: false };
        }
        if self.singly.counts() {
            return Way::Singly { in_turn: true };
        }
        Way::Ahead
    }

    /// Asks for it, and waits. Sent when it is first polled.
    pub(super) fn ask(&self, connection: &impl Asks) -> impl Future<Output = Result<(), Error>> {
        let number = self.number;
        async move { connection.query(TAKE, &[&number, &PATIENCE]).await.map(drop) }
    }

    /// It has been asked for. An error where that is not why there is none.
    pub(super) fn begin(&mut self, asked: Result<(), Error>) -> Result<(), Error> {
        match asked {
            Ok(()) => {
                self.begun = Some(Instant::now());
                self.without.was_not_needed();
            }
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => self.without.start(),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(super) fn is_on(&self) -> bool {
        self.begun.is_some()
    }

    /// Somebody else has appended meanwhile.
    pub(super) fn was_in_vain(&mut self) {
        self.singly.start();
    }

    /// Gives it back where it has lasted.
    pub(super) fn end_in_time(&mut self, connection: Option<&Arc<Connection>>) {
        if self.begun.is_some_and(|begun| begun.elapsed() > LONG) {
            self.give_back(connection);
        }
    }

    /// Gives it back, behind what has been sent. With a connection that is gone, it is as well.
    pub(super) fn give_back(&mut self, connection: Option<&Arc<Connection>>) {
        let begun = self.begun.take();
        if begun.is_some_and(|begun| begun.elapsed() > LONG) && self.singly.left == 0 {
            self.singly.was_not_needed();
        }
        if let (Some(_), Some(connection)) = (begun, connection) {
            // Sent when it is first polled; nobody waits for the answer.
            let _ = connection.run(GIVE_BACK).now_or_never();
        }
    }
}

/// For how many groups something is to be so: the longer, the more often it is found so.
struct Countdown {
    left: u32,
    next: u32,
    bounds: (u32, u32),
}

impl Countdown {
    fn new(bounds: (u32, u32)) -> Self {
        Self { left: 0, next: bounds.0, bounds }
    }

    fn start(&mut self) {
        self.left = self.next;
        self.next = (self.next * 2).min(self.bounds.1);
    }

    /// Whether it is so for the next one.
    fn counts(&mut self) -> bool {
        let counts = self.left > 0;
        self.left = self.left.saturating_sub(1);
        counts
    }

    fn was_not_needed(&mut self) {
        self.next = self.bounds.0;
    }
}

/// Waits until it is likely that nobody comes any more.
pub(super) async fn idle() {
    tokio::time::sleep(IDLE).await;
}
