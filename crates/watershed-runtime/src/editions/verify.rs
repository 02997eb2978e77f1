//! Holds an edition against the one that serves: every row of every view that both have.
//!
//! Rows are first compared wherever the two stand, in chunks by key range; most are the same. Those that are not are looked
//! at again while both stand still at one position, so that a difference that is found is one.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use serde::Serialize;
use tokio::sync::oneshot;
use watershed_core::ports::{ReadFrom, RowKey, Scope, StoredRow};
use watershed_core::{Position, Predicate, Timestamp};

use super::compare::{Compared, Pair};
use super::group::{Edition, Group};
use super::record::Passed;
use super::switch::SwitchError;

/// Rows that are compared at a time.
const CHUNK: usize = 2_000;
/// Keys that are looked at again at a time, while both editions stand still.
const SUSPECTS: usize = 500;
/// So many mismatches are listed; all are counted.
const LISTED: usize = 200;
/// With so many mismatches nobody needs to know of more.
const ENOUGH: u64 = 10_000;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldDifference {
    /// The column.
    pub column: String,
    /// What the edition that serves has; none where it has no such row.
    pub old: Option<String>,
    /// What the other one has.
    pub new: Option<String>,
}

/// A row that is not the same in two editions at the same position.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mismatch {
    /// The view.
    pub view: String,
    /// Whose row it is.
    pub tenant: String,
    /// The row's key.
    pub key: String,
    /// Whether only one of the two has it: `old`, `new`, or empty.
    pub only_in: &'static str,
    /// The position at which both were looked at.
    pub position: Position,
    /// The fields that differ.
    pub fields: Vec<FieldDifference>,
}

/// How an edition compares with the one that serves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verification {
    /// The edition.
    pub edition: u32,
    /// The one that it is compared with.
    pub with: u32,
    /// When it began.
    pub since: Timestamp,
    /// When it ended; none while it is under way.
    pub finished: Option<Timestamp>,
    /// The position at which the rows were the same, once they have all been compared.
    pub position: Position,
    /// Keys that have been compared.
    pub rows: u64,
    /// Those that differ as was expected.
    pub expected: u64,
    /// Those that differ otherwise.
    pub mismatches: u64,
    /// The first of these.
    pub listed: Vec<Mismatch>,
    /// Why it could not be finished.
    pub problem: Option<String>,
}

impl Verification {
    fn new(old: &Edition, new: &Edition, since: Timestamp) -> Self {
        Self {
            edition: new.number,
            with: old.number,
            since,
            finished: None,
            position: 0,
            rows: 0,
            expected: 0,
            mismatches: 0,
            listed: Vec::new(),
            problem: None,
        }
    }
}

impl Group {
    /// Compares an edition with the one that serves, and writes down whether it passed. What is given back says how it went.
    pub(crate) async fn verify(
        self: &Arc<Self>,
        named: Option<u32>,
    ) -> Result<oneshot::Receiver<Result<Verification, SwitchError>>, SwitchError> {
        let new = self.to_verify(named).await?;
        let old = self.serving();
        {
            let mut present = self.verification.lock().unwrap_or_else(PoisonError::into_inner);
            if present.as_ref().is_some_and(|present| present.finished.is_none()) {
                let problem = format!("a verification of `{}` is under way", self.name());
                return Err(SwitchError::WrongState(problem));
            }
            *present = Some(Verification::new(&old, &new, self.now()));
        }
        let (done, outcome) = oneshot::channel();
        let group = self.clone();
        self.spawn(async move {
            let verified = group.verify_all(old, new).await;
            // First: whoever hears of it may close the context, and open it again at once.
            drop(group);
            // Whoever asked may have gone.
            let _ = done.send(verified);
        });
        Ok(outcome)
    }

    async fn verify_all(
        self: &Arc<Self>,
        old: Arc<Edition>,
        new: Arc<Edition>,
    ) -> Result<Verification, SwitchError> {
        let number = new.number;
        // Its reads are long: they have a thread of their own.
        let runtime = tokio::runtime::Handle::current();
        let group = self.clone();
        let compared =
            tokio::task::spawn_blocking(move || runtime.block_on(group.compare_all(&old, &new))).await;
        let problem = match compared {
            Ok(Ok(())) => None,
            Ok(Err(problem)) => Some(problem),
            Err(_) => Some("the comparison panicked".to_owned()),
        };
        self.note(|verification| verification.problem.clone_from(&problem));
        let compared = match (problem, self.verification()) {
            (None, Some(compared)) => compared,
            (problem, _) => {
                self.note(|verification| verification.finished = Some(self.now()));
                return Err(SwitchError::Failed(problem.unwrap_or_default()));
            }
        };
        let passed = (compared.mismatches == 0).then(|| Passed {
            at: self.now(),
            position: compared.position,
            rows: compared.rows,
            expected: compared.expected,
        });
        let judged = self.judged(number, passed).await;
        // Last: whoever sees that it is finished finds the edition judged.
        self.note(|verification| verification.finished = Some(self.now()));
        judged?;
        Ok(self.verification().unwrap_or(compared))
    }

    /// Changes what is said of the verification under way.
    fn note(&self, change: impl FnOnce(&mut Verification)) {
        let mut verification = self.verification.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verification) = &mut *verification {
            change(verification);
        }
    }

    async fn compare_all(&self, old: &Edition, new: &Edition) -> Result<(), String> {
        for pair in Pair::between(old, new) {
            let mut after: Option<RowKey> = None;
            loop {
                let chunk = chunk(old, new, &pair, after.as_ref()).await?;
                let (suspects, seen) = self.first_look(&pair, &chunk);
                self.note(|verification| verification.rows += seen);
                for keys in suspects.chunks(SUSPECTS) {
                    self.second_look(old, new, &pair, keys).await?;
                }
                if self.verification().is_some_and(|verification| verification.mismatches > ENOUGH) {
                    return Ok(());
                }
                match chunk.last {
                    Some(last) => after = Some(last),
                    None => break,
                }
            }
        }
        // Both have shown the same rows up to here, give or take what has come since.
        let position = old.projector.progress.position().min(new.projector.progress.position());
        self.note(|verification| verification.position = position);
        Ok(())
    }

    /// The keys whose rows are not the same as they stand, and how many there are in all.
    fn first_look(&self, pair: &Pair, chunk: &Chunk) -> (Vec<RowKey>, u64) {
        let keys: BTreeSet<&RowKey> = chunk.old.iter().chain(&chunk.new).map(|row| &row.key).collect();
        let (mut suspects, mut expected) = (Vec::new(), 0);
        for key in &keys {
            match pair.compare(find(&chunk.old, key), find(&chunk.new, key)) {
                Compared::Same => {}
                Compared::Expected => expected += 1,
                Compared::Different(_) => suspects.push((*key).clone()),
            }
        }
        self.note(|verification| verification.expected += expected);
        (suspects, keys.len() as u64)
    }

    /// Whether a row that only one of the two has is past the age that the other one allows: so it is meant to be, where a version
    /// keeps its rows for longer or shorter than the one before.
    async fn is_past_in_one(
        &self,
        old: &Edition,
        new: &Edition,
        pair: &Pair,
        rows: (&Option<StoredRow>, &Option<StoredRow>),
    ) -> Result<bool, String> {
        let age = |edition: &Edition, table: usize| edition.definition.models.get(table)?.age;
        let (row, age) = match rows {
            (Some(row), None) => (row, age(new, pair.new_table)),
            (None, Some(row)) => (row, age(old, pair.old_table)),
            _ => return Ok(false),
        };
        let Some(age) = age else { return Ok(false) };
        let changed = recorded_at(self, row.position).await?;
        Ok(changed.is_some_and(|changed| age.is_past(changed, self.now())))
    }

    /// Compares the rows of these keys while both editions stand still at one position.
    async fn second_look(
        &self,
        old: &Edition,
        new: &Edition,
        pair: &Pair,
        keys: &[RowKey],
    ) -> Result<(), String> {
        let mut left = old.projector.hold().await?;
        let mut right = new.projector.hold().await?;
        let position = left.position().max(right.position());
        left.fold_to(position).await?;
        right.fold_to(position).await?;
        let failed = |error: watershed_core::ports::RowError| error.to_string();
        let mut old_rows = old.projector.store.rows(pair.old_table, keys).await.map_err(failed)?;
        let mut new_rows = new.projector.store.rows(pair.new_table, keys).await.map_err(failed)?;
        old_rows.retain(|row| !old.definition.is_past(pair.old_table, row));
        new_rows.retain(|row| !new.definition.is_past(pair.new_table, row));
        drop((left, right));
        for key in keys {
            let row = |rows: &[StoredRow]| rows.iter().find(|row| row.key == *key).cloned();
            let (old_row, new_row) = (row(&old_rows), row(&new_rows));
            if self.is_past_in_one(old, new, pair, (&old_row, &new_row)).await? {
                self.note(|verification| verification.expected += 1);
                continue;
            }
            let (old, new) = (old_row, new_row);
            let fields = match pair.compare(old.as_ref(), new.as_ref()) {
                Compared::Same => continue,
                Compared::Expected => {
                    self.note(|verification| verification.expected += 1);
                    continue;
                }
                Compared::Different(fields) => fields,
            };
            let only_in = match (&old, &new) {
                (Some(_), None) => "old",
                (None, Some(_)) => "new",
                _ => "",
            };
            let mismatch = Mismatch {
                view: pair.view.to_owned(),
                tenant: key.tenant.to_string(),
                key: key.key.to_string(),
                only_in,
                position,
                fields,
            };
            self.note(|verification| {
                verification.mismatches += 1;
                if verification.listed.len() < LISTED {
                    verification.listed.push(mismatch);
                }
            });
        }
        Ok(())
    }
}

/// When the event there was recorded.
async fn recorded_at(group: &Group, position: Position) -> Result<Option<Timestamp>, String> {
    let read = ReadFrom { scope: Scope::Log, after: position.saturating_sub(1), limit: 1 };
    let read = group.ground.feed.log().read(read).await.map_err(|error| error.to_string())?;
    Ok(read.events.first().map(|event| event.recorded_at))
}

/// The rows of both editions in one range of keys.
struct Chunk {
    old: Vec<StoredRow>,
    new: Vec<StoredRow>,
    /// The last key of the range, where there may be more behind it.
    last: Option<RowKey>,
}

async fn chunk(old: &Edition, new: &Edition, pair: &Pair, after: Option<&RowKey>) -> Result<Chunk, String> {
    let failed = |error: watershed_core::ports::RowError| error.to_string();
    let mut left =
        old.projector.store.scan(pair.old_table, &Predicate::All, after, CHUNK).await.map_err(failed)?;
    let mut right =
        new.projector.store.scan(pair.new_table, &Predicate::All, after, CHUNK).await.map_err(failed)?;
    // Up to the last key that both were asked for: what lies behind the shorter range is for the next chunk.
    let end =
        |rows: &[StoredRow]| (rows.len() == CHUNK).then(|| rows.last().map(|row| row.key.clone())).flatten();
    let last = match (end(&left), end(&right)) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (end, None) | (None, end) => end,
    };
    if let Some(last) = &last {
        left.retain(|row| row.key <= *last);
        right.retain(|row| row.key <= *last);
    }
    // Which are deleted when does not matter.
    left.retain(|row| !old.definition.is_past(pair.old_table, row));
    right.retain(|row| !new.definition.is_past(pair.new_table, row));
    Ok(Chunk { old: left, new: right, last })
}

fn find<'a>(rows: &'a [StoredRow], key: &RowKey) -> Option<&'a StoredRow> {
    rows.binary_search_by(|row| row.key.cmp(key)).ok().map(|place| &rows[place])
}
