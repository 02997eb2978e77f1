//! Groups that have been sent, and not been answered yet: while the server writes one, the next is made ready and sent behind it.
//!
//! Each rests on the one before it, whose events it takes to be there. That is safe to guess: its statement changes nothing
//! where the log's end is not the one that the group before leaves.

use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::{MaybeDone, maybe_done};
use tokio_postgres::Error;
use uuid::Uuid;
use watershed_core::Position;
use watershed_store::{Answer, Link};

use super::ahead::Sent;
use super::brought::Brought;
use super::prepared::{Queued, is_beaten};
use crate::connection::Connection;

/// So many groups are under way at most: one that the server writes, and one that waits there.
const MOST: usize = 2;
/// A group is sent behind another one where it holds so many appends, and as many as that one: a small one would cost more than waiting
/// for its callers does.
const WORTH: usize = 32;

type Written = Pin<Box<dyn Future<Output = Result<bool, Error>> + Send>>;

/// A group under way.
pub(super) struct Flight {
    pub(super) connection: Arc<Connection>,
    pub(super) appends: Vec<Queued>,
    pub(super) answers: Vec<Answer>,
    pub(super) leaves: Leaves,
    written: Pin<Box<MaybeDone<Written>>>,
}

/// What a group leaves behind where it is written.
pub(super) struct Leaves {
    /// Where the log ends with it.
    pub(super) end: (Position, Link),
    /// Its first event, by which it is found again.
    pub(super) first: Option<(Position, Uuid)>,
    pub(super) brought: Brought,
}

impl Flight {
    /// Sends it.
    pub(super) async fn begin(
        connection: Arc<Connection>,
        sent: Sent,
        appends: Vec<Queued>,
        answers: Vec<Answer>,
        leaves: Leaves,
    ) -> Self {
        let written: Written = Box::pin(sent.by(connection.clone()));
        let mut written = Box::pin(maybe_done(written));
        // Statements go out in the order of their first polls.
        poll_fn(|cx| {
            let _ = written.as_mut().poll(cx);
            Poll::Ready(())
        })
        .await;
        Self { connection, appends, answers, leaves, written }
    }
}

/// The groups under way, in their order.
#[derive(Default)]
pub(super) struct Flights(VecDeque<Flight>);

impl Flights {
    pub(super) fn push(&mut self, flight: Flight) {
        self.0.push_back(flight);
    }

    /// How many appends are under way.
    fn appends(&self) -> usize {
        self.0.iter().map(|flight| flight.appends.len()).sum()
    }

    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether callers of these are to come again while the process has its turn: many, or some whom others have beaten.
    pub(super) fn are_followed(&self) -> bool {
        self.appends() >= WORTH || self.0.iter().flat_map(|flight| &flight.answers).any(is_beaten)
    }

    pub(super) fn have_room(&self) -> bool {
        self.0.len() < MOST
    }

    /// So many appends are to wait before they are sent.
    pub(super) fn least(&self) -> usize {
        self.0.back().map_or(1, |last| last.appends.len().max(WORTH))
    }

    /// So many of those that wait are sent together: of all callers the half, so that there are some to send while the others are
    /// under way.
    pub(super) fn share(&self, waiting: usize) -> usize {
        (waiting + self.appends()).div_ceil(MOST).max(WORTH)
    }

    /// Waits until the first has been answered; for ever where there is none. It may be dropped and asked again.
    pub(super) async fn landed(&mut self) -> (Flight, Result<bool, Error>) {
        let Some(first) = self.0.front_mut() else { return pending().await };
        first.written.as_mut().await;
        match self.next().await {
            Some(landed) => landed,
            // invariant: there is a first one.
            None => pending().await,
        }
    }

    /// The first, once it has been answered.
    pub(super) async fn next(&mut self) -> Option<(Flight, Result<bool, Error>)> {
        let first = self.0.front_mut()?;
        first.written.as_mut().await;
        let written = first.written.as_mut().take_output()?;
        Some((self.0.pop_front()?, written))
    }
}
