//! What a log's handles and tasks share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use watershed_core::ports::InlineFold;
use watershed_core::{LogIdentity, Position};

use super::about::Reach;
use super::bearers::Bearers;
use super::brought::Brought;
use super::group::Group;
use super::hints::Channel;
use super::kept::Kept;
use super::newest::Newest;
use super::prepared::Prepared;
use super::readers::Readers;
use super::within::Within;
use crate::options::Options;
use crate::replicas::Replicas;
use crate::state::Known;
use watershed_store::{Link, Queue};

pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) identity: LogIdentity,
    pub(super) queue: Queue<Prepared>,
    pub(super) readers: Readers,
    pub(super) replicas: Replicas,
    pub(super) reach: Reach,
    /// What is known of the tables of state.
    pub(super) columns: Arc<Known>,
    /// What is known of tags.
    pub(super) bearers: Bearers,
    /// Events that decisions have read.
    pub(super) kept: Kept,
    /// Events for those who follow the log.
    pub(super) newest: Newest,
    /// How other processes are told.
    pub(super) channel: Channel,
    /// What transactions of users' own need.
    pub(super) within: Within,
    head: watch::Sender<Position>,
    /// The last position that this process itself has committed.
    own: watch::Sender<Position>,
    /// Where an append stands that a user's own transaction may have committed by now, and until when to look for it.
    awaited: watch::Sender<Option<(Position, Instant)>>,
    folds: Mutex<Vec<Box<dyn InlineFold>>>,
}

impl Shared {
    pub(super) fn new(
        options: Options,
        identity: LogIdentity,
        readers: Readers,
        bearers: Bearers,
        head: Position,
    ) -> Self {
        let replicas = Replicas::new(&options, identity, 1);
        Self {
            channel: Channel::of(&options.schema),
            within: Within::new(&options),
            options,
            identity,
            queue: Queue::default(),
            readers,
            replicas,
            bearers,
            kept: Kept::default(),
            newest: Newest::default(),
            reach: Reach::default(),
            columns: Arc::default(),
            head: watch::Sender::new(head),
            own: watch::Sender::new(0),
            awaited: watch::Sender::new(None),
            folds: Mutex::default(),
        }
    }

    /// The last position that this process knows to be durable.
    pub(super) fn head(&self) -> Position {
        *self.head.borrow()
    }

    /// What is to be remembered of a group that brings the log on from that position, once it is durable.
    pub(super) fn brings(&self, from: Position, group: &Group<'_>) -> Brought {
        // invariant: what is written can be read.
        let stored = || group.stored().collect::<Result<_, _>>().ok();
        let stored = if self.newest.are_wanted() { stored() } else { None };
        Brought { from, until: group.last(), borne: group.borne().collect(), stored }
    }

    /// It is durable.
    pub(super) fn passed(&self, brought: Brought) {
        self.bearers.pass(brought.from, brought.until, brought.borne.into_iter());
        self.newest.pass(brought.from, brought.stored);
    }

    /// This process has brought the log to that position.
    pub(super) fn committed(&self, head: Position) {
        self.publish(head);
        self.own.send_if_modified(|own| {
            let is_further = head > *own;
            *own = head.max(*own);
            is_further
        });
    }

    pub(super) fn own(&self) -> watch::Receiver<Position> {
        self.own.subscribe()
    }

    /// What the log ends with: a server that does not have it any more is not gone on with.
    pub(super) fn saw(&self, position: Position, link: &Link) {
        if let Some(tail) = &self.options.tail {
            tail.saw(position, link);
        }
    }

    /// A user's own transaction has appended, and is to be committed now: by whom and when is not seen here.
    pub(super) fn awaits(&self, position: Position) {
        let until = Instant::now() + self.options.hold;
        self.awaited.send_replace(Some((position, until)));
    }

    /// The position that a user's own transaction may bring the log to any moment.
    pub(super) fn awaited(&self) -> Option<Position> {
        let (position, until) = (*self.awaited.borrow())?;
        (position > self.head() && Instant::now() < until).then_some(position)
    }

    pub(super) fn calls(&self) -> watch::Receiver<Option<(Position, Instant)>> {
        self.awaited.subscribe()
    }

    /// The log has come to that position, here or elsewhere.
    pub(super) fn publish(&self, head: Position) {
        self.head.send_if_modified(|known| {
            let is_further = head > *known;
            *known = head.max(*known);
            is_further
        });
    }

    pub(super) fn moves(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    pub(super) fn folds(&self) -> MutexGuard<'_, Vec<Box<dyn InlineFold>>> {
        self.folds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
