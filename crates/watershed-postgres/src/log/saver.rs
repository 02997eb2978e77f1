//! The task that commits appends which save a state in the user's own tables.
//!
//! The order of the locks: the users' rows first, in the order of their names; then what is written to them; then the head, and
//! what is behind it, as in every commit. Nothing behind the head's lock waits for another one. A row that somebody else holds is
//! waited for on a connection of its own, with everything else that is about this row; nobody who saves elsewhere waits for it,
//! and nobody who saves nothing comes here at all.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::{mpsc, watch};
use tokio_postgres::Error;
use uuid::Uuid;
use watershed_core::ports::{AppendError, Expected};
use watershed_store::Answer;

use super::appender::resolve;
use super::commit::{self, Begun, Look, NotBegun};
use super::group::{Group, Placed};
use super::moved;
use super::prepared::{Prepared, Queued, tell};
use super::shared::Shared;
use super::wanted::Wanted;
use crate::connection::Connection;
use crate::error::{ends_connection, in_words};
use crate::state::{Refusal, Row, refusal, statements};

/// Takes the appends that save something, in the order of the calls. Dropped, it takes no more; those that wait are written.
pub(super) struct Saver(mpsc::UnboundedSender<Queued>);

impl Saver {
    /// Starts the task.
    pub(super) fn start(shared: Arc<Shared>) -> Self {
        let (sender, waiting) = mpsc::unbounded_channel();
        tokio::spawn(run(shared, waiting));
        Self(sender)
    }

    pub(super) fn push(
        &self,
        append: Prepared,
    ) -> Result<tokio::sync::oneshot::Receiver<Answer>, AppendError> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        self.0.send(Queued { append, answer }).map_err(|_| AppendError::Closed)?;
        Ok(answered)
    }
}

/// The appends about rows that somebody else holds, by stream: those behind the one that waits.
type Held = Arc<Mutex<HashMap<Uuid, VecDeque<Queued>>>>;

async fn run(shared: Arc<Shared>, mut waiting: mpsc::UnboundedReceiver<Queued>) {
    let held = Held::default();
    let mut hand = Hand::new(shared.clone());
    while let Some(first) = waiting.recv().await {
        let mut group = vec![first];
        while group.len() < hand.shared.options.group
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        let group = behind(&held, group);
        let lost = hand.lost.subscribe();
        let locked = tokio::select! {
            locked = hand.commit(group) => locked,
            never = refuse_others(&shared, lost, &mut waiting) => match never {},
        };
        for queued in behind(&held, locked) {
            wait_for(&held, queued, hand.shared.clone());
        }
    }
}

/// Where whether a commit took place cannot be found out for long, tells those who come meanwhile, of whom nothing has been sent,
/// that the server cannot be reached.
async fn refuse_others(
    shared: &Shared,
    mut lost: watch::Receiver<Option<String>>,
    waiting: &mut mpsc::UnboundedReceiver<Queued>,
) -> Infallible {
    loop {
        let Some(problem) = lost.wait_for(Option::is_some).await.ok().and_then(|lost| lost.clone()) else {
            return std::future::pending().await;
        };
        let is_found = async {
            let _ = lost.wait_for(Option::is_none).await;
        };
        let refuses = async {
            tokio::time::sleep(shared.options.patience).await;
            while let Some(queued) = waiting.recv().await {
                tell(queued, Err(AppendError::ReadOnly(problem.clone())));
            }
            std::future::pending().await
        };
        tokio::select! {
            biased;
            () = is_found => {}
            never = refuses => match never {},
        }
    }
}

/// Puts those that are about a row which is waited for behind the one that waits, and gives the others back.
fn behind(held: &Held, group: Vec<Queued>) -> Vec<Queued> {
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    let mut others = Vec::with_capacity(group.len());
    for queued in group {
        match held.get_mut(&queued.append.stream) {
            Some(line) => line.push_back(queued),
            None => others.push(queued),
        }
    }
    others
}

/// Waits for the row that the append is about, and then goes on with what has come behind it.
fn wait_for(held: &Held, first: Queued, shared: Arc<Shared>) {
    let stream = first.append.stream;
    let mut line = held.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(line) = line.get_mut(&stream) {
        line.push_back(first);
        return;
    }
    line.insert(stream, VecDeque::new());
    let held = held.clone();
    tokio::spawn(async move {
        let mut hand = Hand::new(shared);
        let mut next = Some(first);
        while let Some(queued) = next {
            let answer = hand.patiently(std::slice::from_ref(&queued)).await;
            tell(queued, answer);
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            next = held.get_mut(&stream).and_then(VecDeque::pop_front);
            if next.is_none() {
                held.remove(&stream);
            }
        }
    });
}

/// Whoever commits, with a connection.
struct Hand {
    shared: Arc<Shared>,
    connection: Option<Arc<Connection>>,
    /// Why a commit's answer was lost, until it is known whether it took place.
    lost: watch::Sender<Option<String>>,
}

/// What became of a group in one transaction. Where it was not committed, nothing of it is there.
enum Outcome {
    Done(Vec<Answer>),
    /// One of several was refused, or met a lock: each by itself.
    OneByOne,
    /// The only one was refused.
    Refused(AppendError),
    /// These rows, by the places of their appends, are held by somebody else.
    Locked(Vec<usize>),
    /// The server could not be reached, or went away.
    Lost(String),
}

/// How rows that somebody else holds are met.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    PassBy,
    Wait,
}

impl Hand {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, connection: None, lost: watch::Sender::new(None) }
    }

    /// Commits the group, and answers it. Gives back those whose rows somebody else holds.
    async fn commit(&mut self, mut group: Vec<Queued>) -> Vec<Queued> {
        let mut locked = Vec::new();
        while !group.is_empty() {
            match self.insist(&group, Manner::PassBy).await {
                Outcome::Done(answers) => {
                    for (queued, answer) in group.drain(..).zip(answers) {
                        tell(queued, answer);
                    }
                }
                Outcome::Locked(places) => take_out(&mut group, &places, &mut locked),
                Outcome::OneByOne => {
                    for queued in std::mem::take(&mut group) {
                        // What is about a row that is waited for stays in its order.
                        let is_behind = locked.iter().any(|held| held.append.stream == queued.append.stream);
                        match is_behind {
                            true => locked.push(queued),
                            false => locked.extend(self.alone(queued).await),
                        }
                    }
                }
                Outcome::Refused(error) => answer_all(&mut group, &error),
                Outcome::Lost(problem) => answer_all(&mut group, &AppendError::ReadOnly(problem)),
            }
        }
        locked
    }

    /// Commits one by itself; gives it back where its row is held.
    async fn alone(&mut self, queued: Queued) -> Option<Queued> {
        let answer = match self.insist(std::slice::from_ref(&queued), Manner::PassBy).await {
            Outcome::Done(mut answers) => answers.pop().unwrap_or(Err(AppendError::Closed)),
            Outcome::Refused(error) => Err(error),
            Outcome::Lost(problem) => Err(AppendError::ReadOnly(problem)),
            Outcome::Locked(_) | Outcome::OneByOne => return Some(queued),
        };
        tell(queued, answer);
        None
    }

    /// Commits one whose row is held, as soon as it is not; not for ever.
    async fn patiently(&mut self, one: &[Queued]) -> Answer {
        let begun = Instant::now();
        loop {
            match self.insist(one, Manner::Wait).await {
                Outcome::Done(mut answers) => return answers.pop().unwrap_or(Err(AppendError::Closed)),
                Outcome::Refused(error) => return Err(error),
                Outcome::Lost(problem) => return Err(AppendError::ReadOnly(problem)),
                Outcome::Locked(_) | Outcome::OneByOne if begun.elapsed() < self.shared.options.patience => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Outcome::Locked(_) | Outcome::OneByOne => {
                    let problem = "somebody else holds the lock of what is to be saved".to_owned();
                    return Err(AppendError::ReadOnly(problem));
                }
            }
        }
    }

    /// A server that goes away is waited for, though not for ever.
    async fn insist(&mut self, group: &[Queued], manner: Manner) -> Outcome {
        let begun = Instant::now();
        loop {
            let problem = match self.attempt(group, manner).await {
                Ok(Outcome::Lost(problem)) => problem,
                Ok(outcome) => return outcome,
                Err(error) => {
                    let is_lost = ends_connection(&error)
                        || self.connection.as_ref().is_none_or(|connection| connection.is_closed());
                    match refusal(&error) {
                        Some(Refusal::Locked) if group.len() == 1 => return Outcome::Locked(vec![0]),
                        Some(Refusal::For(refused)) if group.len() == 1 => {
                            return Outcome::Refused(self.logs_own(group).await.unwrap_or(refused));
                        }
                        Some(_) => return Outcome::OneByOne,
                        None if !is_lost => return Outcome::Lost(in_words(&error)),
                        None => in_words(&error),
                    }
                }
            };
            if begun.elapsed() > self.shared.options.patience || self.shared.queue.is_closed() {
                return Outcome::Lost(problem);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Why the log would not have taken the append either: what it says comes first. A key that has been used is told so, whatever
    /// a second save would meet.
    async fn logs_own(&self, group: &[Queued]) -> Option<AppendError> {
        let connection = self.connection.as_deref()?;
        let (wanted, look) = (Wanted::of(group), Look { trust: false, keys: true });
        let begun = commit::begin(connection, "BEGIN", group, &wanted, None, look).await;
        let _ = connection.run("ROLLBACK").await;
        let (_, answers) = Group::take(begun.ok()?.known, group, &mut []);
        answers.into_iter().find_map(Result::err)
    }

    async fn attempt(&mut self, group: &[Queued], manner: Manner) -> Result<Outcome, Error> {
        let connection = match &self.connection {
            Some(connection) if !connection.is_closed() => connection.clone(),
            _ => {
                let opened = match Connection::open(&self.shared.options).await {
                    Ok(opened) => opened,
                    Err(error) => return Ok(Outcome::Lost(error.to_string())),
                };
                opened.prepare(commit::STATEMENTS).await?;
                opened.prepare(moved::STATEMENTS).await?;
                self.connection.insert(Arc::new(opened)).clone()
            }
        };
        let outcome = self.transaction(&connection, group, manner).await;
        if !matches!(outcome, Ok(Outcome::Done(_))) && !connection.is_closed() {
            // Its own failure says nothing that the next use does not.
            let _ = connection.run("ROLLBACK").await;
        }
        outcome
    }

    /// Everything in one transaction. What is not done is rolled back by the caller.
    async fn transaction(
        &self,
        connection: &Connection,
        group: &[Queued],
        manner: Manner,
    ) -> Result<Outcome, Error> {
        if let Some(broken) = group.iter().find_map(|queued| broken(&queued.append)) {
            return Ok(refused(group, broken));
        }
        let rows: Vec<Row<'_>> = group.iter().filter_map(|queued| row_of(&queued.append)).collect();
        let mut saves = Vec::with_capacity(rows.len());
        for row in &rows {
            saves.push(statements(connection, &self.shared.columns, row).await?);
        }
        let patience = match manner {
            Manner::PassBy => 50,
            Manner::Wait => self.shared.options.patience.as_millis(),
        };
        connection.run(&format!("BEGIN; SET LOCAL lock_timeout = {patience}")).await?;
        let mut versions = match self.lock(connection, &rows, manner).await? {
            Ok(versions) => versions,
            Err(locked) => return Ok(Outcome::Locked(locked)),
        };
        for (row, queued) in rows.iter().zip(group) {
            let version = versions.entry(queued.append.stream).or_default();
            if *version != row.save.expected {
                let (expected, actual) = (row.save.expected, *version);
                return Ok(refused(group, AppendError::StateMoved { expected, actual }));
            }
            *version = after(row);
        }
        if let Some(refused_by) = run_all(connection, &saves).await? {
            return Ok(refused(group, refused_by));
        }
        self.append(connection, group).await
    }

    /// Locks the rows, in their order, and says which versions they are at; or which of them are held by somebody else.
    async fn lock(
        &self,
        connection: &Connection,
        rows: &[Row<'_>],
        manner: Manner,
    ) -> Result<Result<HashMap<Uuid, Option<u64>>, Vec<usize>>, Error> {
        let known = &self.shared.columns;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|left, right| rows[*left].place().cmp(&rows[*right].place()));
        order.dedup_by(|later, earlier| rows[*later].place() == rows[*earlier].place());
        let with = match manner {
            Manner::PassBy => "FOR UPDATE SKIP LOCKED",
            Manner::Wait => "FOR UPDATE",
        };
        let versions = order.iter().map(|place| rows[*place].version(connection, known, with));
        let versions: Vec<Option<u64>> = join_all(versions).await.into_iter().collect::<Result<_, _>>()?;
        let mut all = HashMap::new();
        let mut locked = Vec::new();
        for (place, version) in order.into_iter().zip(versions) {
            // One that was passed by is there all the same.
            let is_held = version.is_none()
                && manner == Manner::PassBy
                && rows[place].version(connection, known, "").await?.is_some();
            if is_held {
                locked.push(place);
            }
            all.insert(rows[place].stream, version);
        }
        Ok(if locked.is_empty() { Ok(all) } else { Err(locked) })
    }

    /// The log's part: the head's lock, the checks, the events, and the end of the transaction.
    async fn append(&self, connection: &Connection, group: &[Queued]) -> Result<Outcome, Error> {
        let wanted = Wanted::of(group);
        let patience = self.shared.options.patience.as_millis();
        // What users have deferred to the commit looks at rows of theirs, which somebody may hold who waits for the head.
        let opening = format!("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL lock_timeout = {patience}");
        let look = Look { trust: false, keys: true };
        let begun = commit::begin(connection, &opening, group, &wanted, None, look).await;
        let Begun { known, recent } = match begun {
            Ok(begun) => begun,
            Err(NotBegun::Database(error)) => return Err(error),
            Err(problem) => return Ok(refused(group, AppendError::ReadOnly(problem.to_string()))),
        };
        self.shared.publish(known.head);
        let (taken, answers) = Group::take(known, group, &mut self.shared.folds());
        if let Some(error) = answers.iter().find_map(|answer| answer.as_ref().err()) {
            return Ok(refused(group, error.clone()));
        }
        let seal = taken.seal(&recent.link);
        match commit::end(connection, &taken, &seal, &recent.link, Vec::new()).await {
            Ok(true) => {}
            Ok(false) => return Ok(refused(group, AppendError::ReadOnly(commit::NOT_THE_END.to_owned()))),
            Err(error) => {
                let is_lost = connection.is_closed() || ends_connection(&error);
                let Some((position, id)) = taken.placed.first().filter(|_| is_lost).map(Placed::found_by)
                else {
                    return Err(error);
                };
                self.lost.send_replace(Some(in_words(&error)));
                let found = resolve(&self.shared, position, id, connection.backend()).await;
                self.lost.send_replace(None);
                match found {
                    Some(true) => {}
                    Some(false) => return Ok(Outcome::Lost(in_words(&error))),
                    None => return Ok(Outcome::Refused(AppendError::Closed)),
                }
            }
        }
        self.shared.saw(taken.last(), &seal.link);
        self.shared.passed(self.shared.brings(recent.head, &taken));
        self.shared.committed(taken.last());
        Ok(Outcome::Done(answers))
    }
}

/// What an append is answered whose line is broken.
fn broken(append: &Prepared) -> Option<AppendError> {
    append.append.line.as_ref().filter(|line| line.is_broken())?;
    let Expected::Version(expected) = append.append.expected else { return None };
    Some(AppendError::Conflict { expected, actual: expected })
}

/// invariant: only appends that save something come here.
fn row_of(append: &Prepared) -> Option<Row<'_>> {
    let save = append.append.save.as_ref()?;
    Some(Row { save, stream: append.stream, tenant: &append.append.tenant, id: &append.append.stream.id })
}

/// The version that the row is at after the save.
fn after(row: &Row<'_>) -> Option<u64> {
    use watershed_core::ports::RootWrite::{Delete, Insert, Keep, Update};
    match row.save.root {
        Keep => row.save.expected,
        Insert(_) => Some(1),
        Update(_) => row.save.expected.map(|version| version + 1),
        Delete => None,
    }
}

/// One of several is refused: whether the others stand upon it shows when each is taken by itself.
fn refused(group: &[Queued], error: AppendError) -> Outcome {
    if group.len() == 1 { Outcome::Refused(error) } else { Outcome::OneByOne }
}

/// Runs the statements one behind the other, without waiting in between. What is wrong where one does not change one row.
async fn run_all(
    connection: &Connection,
    saves: &[Vec<crate::state::Statement>],
) -> Result<Option<AppendError>, Error> {
    let all = saves.iter().flatten().map(|statement| connection.ask(&statement.sql, &statement.texts));
    let mut wrong = None;
    for changed in join_all(all).await {
        let rows = changed?.len();
        if rows != 1 {
            wrong.get_or_insert_with(|| {
                AppendError::SaveFailed(format!(
                    "a change of one row met {rows}: its id, and the key of its children, must be unique; a row that is changed \
                     must be there"
                ))
            });
        }
    }
    Ok(wrong)
}

/// Takes the appends about the rows at these places out of the group, with all that are about the same rows.
fn take_out(group: &mut Vec<Queued>, places: &[usize], out: &mut Vec<Queued>) {
    let streams: Vec<Uuid> =
        places.iter().filter_map(|place| Some(group.get(*place)?.append.stream)).collect();
    for queued in std::mem::take(group) {
        let to = if streams.contains(&queued.append.stream) { &mut *out } else { &mut *group };
        to.push(queued);
    }
}

fn answer_all(group: &mut Vec<Queued>, error: &AppendError) {
    for queued in group.drain(..) {
        tell(queued, Err(error.clone()));
    }
}
