//! Appends within transactions of users' own.
//!
//! The order of the locks is that of every commit: users' rows first, which the transaction has locked before, and what its deferred
//! constraints look at; then a turn among transactions of users' own, and the head; and behind it, in statements whose snapshots are
//! younger than the lock, what the append rests on and the rows. Nothing behind the head waits for another lock, and a holder that
//! stands still is ended by the server.
//!
//! The end of the transaction is the user's. So the rows are written behind a savepoint, and an append that is not taken gives the
//! lock back. The session is set as ours are for as long as the append takes: by its own settings it could find other tables, and
//! plans that read all of the log.

mod begun;
mod error;
mod savepoint;
mod session;

use tokio::sync::oneshot;
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;
use watershed_core::ports::{Append, AppendError, Appended};

use self::begun::Before;
pub use self::error::WithinError;
use self::savepoint::{SAVE, Savepoint};
use self::session::{Session, Sessions, is_forgotten};
use super::commit::{self, Begun, Look, NotBegun};
use super::group::Group;
use super::hints::number;
use super::prepared::{Prepared, Queued};
use super::shared::Shared;
use super::wanted::Wanted;
use super::written::{Held, Written};
use crate::connection::{Asks, PLANS, Values, quoted};
use crate::options::Options;

const BEGIN: &str = include_str!("../sql/within_begin.sql");
const END: &str = include_str!("../sql/within_end.sql");
/// What bounds the time for which the head is held. Not every version of the server knows both.
const BOUNDS: &[&str] = &["statement_timeout", "transaction_timeout"];

/// What transactions of users' own need of a log.
pub(super) struct Within {
    schema: String,
    begin: String,
    /// What an append sets: before that, what is deferred is looked at as the user's session is set.
    setup: String,
    /// The same, and the turn. Many who wait for one row all wake up whenever it changes, and wait again; and group commits, of which
    /// each process has one at a time, would stand in line with every user. So these wait for a lock of their own first, and one of
    /// them for the row.
    opening: String,
    /// What is set.
    settings: Vec<&'static str>,
    hold: String,
    sessions: Sessions,
}

impl Within {
    pub(super) fn new(options: &Options) -> Self {
        let schema = quoted(&options.schema);
        let plans = PLANS.map(|(name, value)| format!("SET LOCAL {name} = {value}")).join("; ");
        // Last of all temporary tables, which otherwise come first.
        let setup = format!(
            "SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL search_path TO {schema}, pg_temp; SET LOCAL lock_timeout = {}; {plans}",
            options.patience.as_millis()
        );
        let turn = number("watershed postgres 2026 users' turns", &options.schema);
        Self {
            begin: BEGIN.replace("{schema}", &schema),
            opening: format!("{setup}; SELECT pg_advisory_xact_lock({turn})"),
            setup,
            settings: ["search_path", "lock_timeout"]
                .into_iter()
                .chain(PLANS.map(|(name, _)| name))
                .collect(),
            hold: format!("{}ms", options.hold.as_millis().max(1)),
            schema: options.schema.clone(),
            sessions: Sessions::default(),
        }
    }

    async fn session<'a>(
        &self,
        transaction: &'a Transaction<'a>,
        process: i32,
    ) -> Result<Session<'a>, tokio_postgres::Error> {
        let statements = match self.sessions.known(process) {
            Some(statements) => statements,
            None => {
                transaction.batch_execute(&self.setup).await?;
                self.sessions.prepare(transaction, process).await?
            }
        };
        Ok(Session { transaction, statements })
    }
}

/// Appends as the last step of the transaction.
pub(super) async fn append(
    shared: &Shared,
    transaction: &Transaction<'_>,
    append: Append,
) -> Result<Appended, WithinError> {
    if shared.queue.is_closed() {
        return Err(AppendError::Closed.into());
    }
    if append.save.is_some() {
        let problem = "within a transaction of your own, change the rows yourself".to_owned();
        return Err(AppendError::SaveFailed(problem).into());
    }
    // Nobody waits at the other end: the answer is this function's.
    let queued = [Queued { append: Prepared::new(append)?, answer: oneshot::channel().0 }];
    let mut is_again = false;
    loop {
        let savepoint = Savepoint::of(transaction);
        let failed = match attempt(shared, transaction, &queued).await {
            Ok(appended) => {
                savepoint.keep();
                shared.awaits(appended.position);
                return Ok(appended);
            }
            Err(failed) => failed,
        };
        // Where that fails as well, the transaction is over, which its next use tells.
        let _ = savepoint.undo().await;
        match failed {
            Failed::Forgotten(process, _) if !is_again => {
                shared.within.sessions.forget(process);
                is_again = true;
            }
            Failed::Forgotten(_, error) => return Err(error.into()),
            Failed::For(error) => return Err(error),
        }
    }
}

/// Why nothing was appended.
enum Failed {
    /// What has been prepared is not there any more.
    Forgotten(i32, tokio_postgres::Error),
    For(WithinError),
}

impl<E: Into<WithinError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::For(error.into())
    }
}

/// Three round trips: what the transaction is; the lock, and what the append rests on; the rows. What is not done is undone by the
/// caller.
async fn attempt(
    shared: &Shared,
    transaction: &Transaction<'_>,
    queued: &[Queued],
) -> Result<Appended, Failed> {
    let within = &shared.within;
    let (saved, before) = tokio::join!(
        biased;
        transaction.batch_execute(SAVE),
        Before::ask(transaction, within, shared.identity),
    );
    saved?;
    let Before { process, settings } = before?;
    let session = within.session(transaction, process).await?;
    let wanted = Wanted::of(queued);
    let look = Look { trust: false, keys: true };
    let begun = commit::begin(&session, &within.opening, queued, &wanted, None, look).await;
    let Begun { known, recent } = begun.map_err(|error| not_begun(shared, process, error))?;
    // The head is not told here: it may be this transaction's own, which may yet be rolled back.
    let (group, mut answers) = Group::take(known, queued, &mut shared.folds());
    let appended = answers.pop().unwrap_or(Err(AppendError::Closed))?;
    let seal = group.seal(&recent.link);
    let written = (!group.placed.is_empty()).then(|| Written::of(&group, &seal, &recent.link));
    let write = async {
        match &written {
            None => Ok(true),
            // With the head's lock nothing is left to be held against the database.
            Some(written) => written.append(&session, &Held::default()).await,
        }
    };
    let bounds: Values<'_> = &[&within.settings, &settings, &BOUNDS, &within.hold];
    let (written, ended) = tokio::join!(biased; write, session.query(END, bounds));
    let is_written = written?;
    ended?;
    if !is_written {
        let problem = "the log's end was moved by somebody who does not hold it".to_owned();
        return Err(AppendError::ReadOnly(problem).into());
    }
    Ok(appended)
}

fn not_begun(shared: &Shared, process: i32, error: NotBegun) -> Failed {
    match error {
        NotBegun::Database(error) if is_forgotten(&error) => Failed::Forgotten(process, error),
        NotBegun::Database(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            WithinError::Busy(shared.options.patience).into()
        }
        NotBegun::Database(error) => error.into(),
        NotBegun::NoHead => AppendError::ReadOnly(NotBegun::NoHead.to_string()).into(),
    }
}
