//! The task that commits what waits, group by group: each is sent behind the one before, where nobody else appends or the process has
//! its turn, and otherwise committed under the head's lock.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::Error;
use uuid::Uuid;
use watershed_core::ports::AppendError;
use watershed_core::{Position, Version};
use watershed_store::{Answer, Link, to_sql};

use super::ahead::{self, Sent};
use super::alone::Alone;
use super::commit::{self, Begun, LOCK, Look, NOT_THE_END, NotBegun, Taken};
use super::flight::{Flight, Flights, Leaves};
use super::group::{Group, Placed};
use super::moved;
use super::prepared::{Queued, is_beaten, tell};
use super::recent::Recent;
use super::shared::Shared;
use super::since::{SINCE, Since};
use super::turn::{self, Turn, Way};
use super::wanted::Wanted;
use super::written::Held;
use crate::connection::{Backend, Connection};
use crate::error::{OpenError, ends_connection, in_words};
use crate::options::Options;

/// How long to wait before a server is tried again that could not be reached, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Commits until the queue is closed and empty.
pub(super) async fn run(shared: Arc<Shared>) {
    // Whoever waits is told, also where a fold panics and ends the task.
    let _abandons = Abandons(shared.clone());
    let mut appender = Appender {
        shared: shared.clone(),
        connection: None,
        flights: Flights::default(),
        recent: None,
        end: None,
        alone: Alone::default(),
        turn: Turn::of(&shared.options.schema),
        held: None,
        asks: 0,
        lost: None,
    };
    loop {
        appender.turn.end_in_time(appender.connection.as_ref());
        let (has_room, least) = (appender.flights.have_room(), appender.flights.least());
        let is_idle = appender.turn.is_on() && appender.flights.are_none();
        tokio::select! {
            biased;
            (flight, written) = appender.flights.landed() => appender.land(flight, written).await,
            are_there = shared.queue.waits_for(least), if has_room => match are_there {
                true => appender.take().await,
                false => break,
            },
            () = turn::idle(), if is_idle => appender.turn.give_back(appender.connection.as_ref()),
        }
    }
    appender.land_all().await;
}

/// For so long the head's lock is held for those whom others have beaten.
const HOLD: Duration = Duration::from_millis(3);

/// A stream that is written to without anybody's saying its version is taken to be new: asking is a round trip, with nothing else under
/// way. Where one was not, it is asked for so many groups.
const ASKED: u32 = 64;

struct Abandons(Arc<Shared>);

impl Drop for Abandons {
    fn drop(&mut self) {
        self.0.queue.abandon();
    }
}

struct Appender {
    shared: Arc<Shared>,
    connection: Option<Arc<Connection>>,
    flights: Flights,
    /// Where the log ends once all that is under way has been committed.
    recent: Option<Recent>,
    /// Where it ended with the last commit from here.
    end: Option<(Position, Link)>,
    alone: Alone,
    turn: Turn,
    /// The log's end, where a transaction is open that has its lock.
    held: Option<Recent>,
    /// For so many groups more, the versions of streams of which nothing is known are asked for.
    asks: u32,
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
    /// Takes what waits, and sends it behind what is under way; what cannot be sent so is committed behind it.
    async fn take(&mut self) {
        // Those who have been told together come again together: the first of them is not to be committed alone.
        tokio::task::yield_now().await;
        if !self.may_send() {
            // Others come first, one after the other: whoever comes until then is taken as well.
            self.land_all().await;
            let taken = match self.turn.way() {
                Way::Ahead => self.take_turn().await,
                Way::Singly { in_turn } => self.lock(in_turn).await,
            };
            if let Err(Failed::For(error)) = taken {
                return self.refuse(&error);
            }
        }
        let (queue, group) = (&self.shared.queue, self.shared.options.group);
        // With the lock all of them: nothing else is under way before it is given back.
        let most = if self.held.is_some() { group } else { self.flights.share(queue.waiting()).min(group) };
        let mut appends = Vec::new();
        queue.take(most, &mut appends);
        if let Err(appends) = self.send(appends).await {
            self.land_all().await;
            let beaten = self.commit(appends).await;
            self.hold_for(beaten).await;
        }
        if !self.flights.are_followed() {
            self.turn.give_back(self.connection.as_ref());
        }
    }

    /// Whether a group is sent ahead: nobody else is likely to come in between.
    fn may_send(&self) -> bool {
        self.held.is_none() && (self.alone.is_likely() || self.turn.is_on())
    }

    /// Sends a group that rests on what is known, and on what is under way. Gives it back where that is not so, or not enough.
    async fn send(&mut self, appends: Vec<Queued>) -> Result<(), Vec<Queued>> {
        let connection = self.connection.as_ref().filter(|connection| !connection.is_closed());
        let (Some(connection), true) = (connection.cloned(), self.may_send()) else {
            return Err(appends);
        };
        let head = self.shared.head();
        let Some(recent) = self.recent.as_mut().filter(|recent| recent.head >= head) else {
            return Err(appends);
        };
        let wanted = Wanted::of(&appends);
        let (asks, is_alone) = (self.asks > 0, self.alone.is_likely());
        let is_asked = |said: Option<Version>| match said {
            None => asks,
            // Beside others it may well be old.
            Some(version) => version > 0 && !is_alone,
        };
        let unknown = wanted.unknown(|stream| recent.knows(stream), is_asked);
        if !unknown.is_empty() {
            self.asks = self.asks.saturating_sub(1);
            let Ok(found) = commit::versions(&*connection, &unknown).await else { return Err(appends) };
            recent.remember(found);
        }
        let Some((known, said)) = ahead::known(recent, &wanted, &appends) else { return Err(appends) };
        let (group, answers) = Group::take(known, &appends, &mut self.shared.folds());
        let seal = group.seal(&recent.link);
        let held = Held::new(&group.left_versions(said), wanted.tags, group.left_keys(&appends));
        let sent = Sent::new(&group, &seal, &recent.link, held);
        let first = group.placed.first().map(Placed::found_by);
        let brought = self.shared.brings(recent.head, &group);
        recent.pass(group, seal.link);
        let leaves = Leaves { end: recent.end(), first, brought };
        self.flights.push(Flight::begin(connection, sent, appends, answers, leaves).await);
        Ok(())
    }

    /// The first of those under way has been answered.
    async fn land(&mut self, flight: Flight, written: Result<bool, Error>) {
        if matches!(written, Ok(true)) {
            return self.tell(flight);
        }
        // What was sent behind it rests on it. Nothing is sent again before nothing is on its way any more.
        self.recent = None;
        let mut again = Vec::new();
        let mut landed = Some((flight, written));
        while let Some((flight, written)) = landed {
            match self.outcome(&flight.connection, flight.leaves.first, written).await {
                Ok(true) => self.tell(flight),
                Err(Failed::Lost(problem)) if self.is_lost_for_long() => {
                    tell_all(flight.appends, &AppendError::ReadOnly(problem));
                }
                Ok(false) | Err(Failed::Lost(_)) => again.push(flight.appends),
                Err(Failed::For(error)) => tell_all(flight.appends, &error),
            }
            landed = self.flights.next().await;
        }
        let mut beaten = Vec::new();
        for appends in again {
            beaten.extend(self.commit(appends).await);
        }
        // Behind all of them: whoever comes anew was not there before them.
        self.hold_for(beaten).await;
    }

    async fn land_all(&mut self) {
        while let Some((flight, written)) = self.flights.next().await {
            self.land(flight, written).await;
        }
    }

    /// Whether a group that was sent has been committed.
    async fn outcome(
        &mut self,
        connection: &Connection,
        first: Option<(Position, Uuid)>,
        written: Result<bool, Error>,
    ) -> Result<bool, Failed> {
        match written {
            Ok(is_written) => Ok(is_written),
            Err(error) => match Taken::by(&error) {
                Some(Taken::Key) => Ok(false),
                Some(Taken::Stream) => {
                    self.asks = ASKED;
                    Ok(false)
                }
                None => self.settle(connection, first, &error).await.map(|()| true),
            },
        }
    }

    fn tell(&mut self, flight: Flight) {
        self.lost = None;
        self.shared.passed(flight.leaves.brought);
        self.stand(flight.leaves.end);
        for (queued, answer) in flight.appends.into_iter().zip(flight.answers) {
            tell(queued, answer);
        }
    }

    /// Commits a group by itself. Nothing else is under way. Gives back those whom others have beaten, and who are yet to be told.
    async fn commit(&mut self, appends: Vec<Queued>) -> Vec<(Queued, Answer)> {
        let answers = match self.insist(&appends).await {
            Ok(answers) => answers,
            Err(failed) => {
                tell_all(appends, &failed);
                return Vec::new();
            }
        };
        let told = appends.into_iter().zip(answers);
        let (beaten, others): (Vec<_>, Vec<_>) =
            told.partition(|(_, answer)| is_beaten(answer) && !self.alone.is_likely());
        others.into_iter().for_each(|(queued, answer)| tell(queued, answer));
        beaten
    }

    /// Others were quicker. Whoever begins anew has to read what they wrote, and they need not: they would be quicker again and
    /// again. So these are told behind the head's lock, and what they send at once is committed before anybody else gets it.
    async fn hold_for(&mut self, beaten: Vec<(Queued, Answer)>) {
        if beaten.is_empty() {
            return;
        }
        // Whatever has failed, they are told.
        let _ = self.lock(false).await;
        let many = beaten.len();
        beaten.into_iter().for_each(|(queued, answer)| tell(queued, answer));
        if self.held.is_none() {
            return;
        }
        let queue = &self.shared.queue;
        let _ = tokio::time::timeout(HOLD, queue.waits_for(many)).await;
        let mut appends = Vec::new();
        queue.take(self.shared.options.group, &mut appends);
        // Who is beaten once more is told at once: the lock is not kept for long.
        let beaten = self.commit(appends).await;
        beaten.into_iter().for_each(|(queued, answer)| tell(queued, answer));
    }

    /// Waits for the process's turn, and learns what others have appended since it last saw the log's end.
    async fn take_turn(&mut self) -> Result<(), Failed> {
        let connection = self.connected().await?;
        let known = self.recent.take();
        let end = known.as_ref().map(Recent::end);
        let (asked, since) =
            tokio::join!(biased; self.turn.ask(&*connection), Since::read(&*connection, end));
        let since = self.turn.begin(asked).and(since).map_err(|error| self.failed(&connection, &error))?;
        let since = since.ok_or_else(|| self.no_head())?;
        let recent = self.come_to(known, since);
        self.meet(&recent);
        self.recent = Some(recent);
        Ok(())
    }

    /// Opens a transaction, where that is said in a turn; takes the head's lock, and learns the same.
    async fn lock(&mut self, in_turn: bool) -> Result<(), Failed> {
        let connection = self.connected().await?;
        let known = self.recent.take();
        let end = known.as_ref().map(Recent::end);
        let turn = async { if in_turn { Some(self.turn.ask(&*connection).await) } else { None } };
        let (asked, begun, locked, since) = tokio::join!(
            biased;
            turn,
            connection.run("BEGIN"),
            connection.query(LOCK, &[]),
            Since::read(&*connection, end),
        );
        let begun = asked.map_or(Ok(()), |asked| self.turn.begin(asked)).and(begun);
        let since = begun.and(locked).and(since).map_err(|error| self.failed(&connection, &error))?;
        let since = since.ok_or_else(|| self.no_head())?;
        self.held = Some(self.come_to(known, since));
        Ok(())
    }

    /// The log's end, by what was known of it and what has come since.
    fn come_to(&self, known: Option<Recent>, since: Since) -> Recent {
        if let (Some(known), Some(others)) = (&known, &since.others) {
            self.shared.bearers.pass(known.head, since.head, others.borne());
        }
        Recent::after(known, since)
    }

    /// The log has been seen to end there: whether anybody else has appended since the last commit from here.
    fn meet(&mut self, recent: &Recent) -> bool {
        // Whoever loses to another process reads on from there.
        self.shared.publish(recent.head);
        let end = recent.end();
        let met_nobody = self.end.is_none_or(|own| own == end);
        self.alone.has_met(met_nobody);
        self.end = Some(end);
        !met_nobody
    }

    /// Tells those who wait.
    fn refuse(&self, error: &AppendError) {
        let mut appends = Vec::new();
        self.shared.queue.take(self.shared.options.group, &mut appends);
        tell_all(appends, error);
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
            if self.is_lost_for_long() {
                return Err(AppendError::ReadOnly(problem));
            }
            tracing::warn!(problem, "the log's server cannot be reached; it is tried again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// The server could not be reached: whether that has been so for too long.
    fn is_lost_for_long(&mut self) -> bool {
        let lost = *self.lost.get_or_insert_with(Instant::now);
        lost.elapsed() > self.shared.options.patience || self.shared.queue.is_closed()
    }

    async fn try_commit(&mut self, appends: &[Queued]) -> Result<Vec<Answer>, Failed> {
        let connection = self.connected().await?;
        let wanted = Wanted::of(appends);
        let look = Look { trust: self.alone.is_likely(), keys: false };
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

    /// Under the head's lock. None where idempotency keys have to be looked for, and were not.
    async fn commit_locked(
        &mut self,
        connection: &Connection,
        appends: &[Queued],
        wanted: &Wanted,
        look: Look,
    ) -> Result<Option<Vec<Answer>>, Failed> {
        let (before, held) = (self.recent.take(), self.held.take());
        let was_ahead = self.turn.is_on() && held.is_none();
        let begun = match held {
            Some(recent) => commit::go_on(connection, appends, wanted, recent, look.keys).await,
            None => commit::begin(connection, "BEGIN", appends, wanted, before, look).await,
        };
        let Begun { known, mut recent } = begun.map_err(|problem| match problem {
            NotBegun::Database(error) => self.failed(connection, &error),
            NotBegun::NoHead => self.no_head(),
        })?;
        if self.meet(&recent) && was_ahead {
            self.turn.was_in_vain();
        }
        let (group, answers) = Group::take(known, appends, &mut self.shared.folds());
        let left = if look.keys { Vec::new() } else { group.left_keys(appends) };
        if group.placed.is_empty() && !left.is_empty() {
            drop(group);
            self.recent = Some(recent);
            connection.run("ROLLBACK").await.map_err(|error| self.failed(connection, &error))?;
            return Ok(None);
        }
        let seal = group.seal(&recent.link);
        let leaves = !left.is_empty();
        let ended = commit::end(connection, &group, &seal, &recent.link, left).await;
        let is_key_taken = match &ended {
            Ok(is_written) => !is_written && leaves,
            Err(error) => !look.keys && Taken::by(error) == Some(Taken::Key),
        };
        if is_key_taken {
            drop(group);
            self.recent = Some(recent);
            return Ok(None);
        }
        match ended {
            Ok(true) => {}
            Ok(false) => return Err(Failed::For(AppendError::ReadOnly(NOT_THE_END.to_owned()))),
            Err(error) => self.settle(connection, group.placed.first().map(Placed::found_by), &error).await?,
        }
        self.shared.passed(self.shared.brings(recent.head, &group));
        recent.pass(group, seal.link);
        self.stand(recent.end());
        self.recent = Some(recent);
        Ok(Some(answers))
    }

    /// This process has brought the log to that end.
    fn stand(&mut self, end: (Position, Link)) {
        self.shared.saw(end.0, &end.1);
        self.shared.committed(end.0);
        self.end = Some(end);
    }

    /// A transaction that is given up, or a connection that is gone: the next one begins anew.
    fn failed(&mut self, connection: &Connection, error: &Error) -> Failed {
        self.connection = None;
        let problem = in_words(error);
        if connection.is_closed() || ends_connection(error) {
            Failed::Lost(problem)
        } else {
            Failed::For(AppendError::ReadOnly(problem))
        }
    }

    /// There is nothing to lock. The transaction goes with its connection.
    fn no_head(&mut self) -> Failed {
        self.connection = None;
        Failed::For(AppendError::ReadOnly(NotBegun::NoHead.to_string()))
    }

    /// A commit has not been answered as it should: answers whether it took place.
    async fn settle(
        &mut self,
        connection: &Connection,
        first: Option<(Position, Uuid)>,
        error: &Error,
    ) -> Result<(), Failed> {
        let failed = self.failed(connection, error);
        match (failed, first) {
            (Failed::Lost(problem), Some((position, id))) => {
                let found = tokio::select! {
                    found = resolve(&self.shared, position, id, connection.backend()) => found,
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
        self.held = None;
        self.turn.give_back(None);
        Ok(self.connection.insert(Arc::new(opened)).clone())
    }
}

fn tell_all(appends: Vec<Queued>, error: &AppendError) {
    for queued in appends {
        tell(queued, Err(error.clone()));
    }
}

async fn open(shared: &Shared) -> Result<Connection, OpenError> {
    let connection = Connection::open(&shared.options).await?;
    connection.prepare(commit::STATEMENTS).await?;
    connection.prepare(moved::STATEMENTS).await?;
    connection.prepare(ahead::STATEMENTS).await?;
    connection.prepare(turn::STATEMENTS).await?;
    connection.prepare(&[SINCE]).await?;
    Ok(connection)
}

/// Tells those who come meanwhile, of whom nothing has been sent, that the server cannot be reached.
async fn refuse_others(shared: &Shared, problem: &str) -> Infallible {
    tokio::time::sleep(shared.options.patience).await;
    while shared.queue.waits_for(1).await {
        let mut waiting = Vec::new();
        shared.queue.take(shared.options.group, &mut waiting);
        tell_all(waiting, &AppendError::ReadOnly(problem.to_owned()));
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
