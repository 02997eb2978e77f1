//! A part of the keys held against the log while everything goes on.

use std::time::Instant;

use watershed_core::ports::{ParkedKey, RowMoment, StoredRow};

use super::drift::LastLook;
use super::finding::Finding;
use super::{Report, Subject};
use crate::projector::{
    Against, Difference, Instead, Pace, ParkedRow, Refold, Wanted, differences, regroup, share_of,
};

/// A rollup's groups are made anew of so many rows at most: reading them is one step, which holds a moment of the store.
const REGROUPED: u64 = 500_000;
/// How often a look is begun again because keys were parked or released meanwhile.
const ATTEMPTS: usize = 5;

/// Folds the rows of these shares of the keys anew, and holds them against the stored ones. Nobody is held up: rows are compared
/// as they are found, and only what differs is compared once more, as of one moment. Answers also with how many rows the largest
/// read model of the group has.
///
/// # Errors
/// Where the log or the store cannot be read, or the pace says that it is to end.
pub(crate) fn sample(
    subject: &Subject,
    shares: &[u16],
    rollups: bool,
    pace: &mut Pace,
) -> Result<(Report, u64), String> {
    let _alone = subject.alone();
    let began = Instant::now();
    for _ in 0..ATTEMPTS {
        if let Some((found, position, rows, regrouped)) = look(subject, shares, rollups, pace)? {
            let mut of_shares = vec![false; crate::projector::SHARES.into()];
            shares.iter().for_each(|share| of_shares[usize::from(*share)] = true);
            let models = subject.definition.models.len();
            let looked_at = |row: &ParkedRow| {
                if row.0 < models { of_shares[usize::from(share_of(&row.1))] } else { regrouped }
            };
            let last = |table: usize| {
                let rows = rows.get(table).map_or(0, |rows| rows.looked_at);
                let is_looked_at = table < models || regrouped;
                is_looked_at.then(|| LastLook { at: subject.clock.now(), how: "sample", position, rows })
            };
            subject.settle(&looked_at, found, &last, position);
            let all = rows.iter().map(|rows| rows.all).max().unwrap_or(0);
            let counts = (position, position, rows.iter().map(|rows| rows.looked_at).sum());
            return Ok((subject.report("sample", counts, began.elapsed()), all));
        }
    }
    Err("keys were parked and released all the time: look again".to_owned())
}

/// How many stored rows of a model there are, and were looked at.
#[derive(Debug, Clone, Copy, Default)]
struct Rows {
    looked_at: u64,
    all: u64,
}

/// What was found, up to where, in how many rows of each model; and whether the rollups were looked at. None where keys were
/// parked or released meanwhile.
type Looked = Option<(Vec<Finding>, u64, Vec<Rows>, bool)>;

fn look(subject: &Subject, shares: &[u16], rollups: bool, pace: &mut Pace) -> Result<Looked, String> {
    let models = subject.definition.models.len();
    let parked = parked_in(subject, &*moment(subject)?)?;
    let wanted = Wanted::shares(shares.iter().copied(), models);
    let mut refold = Refold::new(subject.definition.clone(), wanted, &parked);
    subject.catch_up(&mut refold, pace)?;
    let (mut found, mut rows) = (Vec::new(), Vec::new());
    let mut suspects: Vec<ParkedRow> = Vec::new();
    for model in refold.models() {
        let (mut looked_at, mut all) = (0, 0);
        let mut each = |row: &StoredRow, is_wanted| {
            all += 1;
            if is_wanted {
                looked_at += 1;
                subject.checked(model, row, &mut found);
            }
        };
        let (store, runtime) = (&*subject.store, &subject.runtime);
        let different = differences(&refold, model, store, Against::All, runtime, pace, &mut each)?;
        suspects.extend(different.into_iter().map(|row| (model, row.key)));
        suspects.extend(not_parked(&refold, model).into_iter().map(|finding| (model, finding.key)));
        rows.push(Rows { looked_at, all });
    }
    let mut position = refold.position();
    if !suspects.is_empty() {
        subject.catch_up(&mut refold, pace)?;
        let moment = moment(subject)?;
        let checkpoint = subject.runtime.block_on(moment.checkpoint()).map_err(|error| error.to_string())?;
        position = checkpoint.position;
        if refold.position() > position || !refold.fits(&parked_in(subject, &*moment)?) {
            return Ok(None);
        }
        pace.hold(|| refold.advance(&subject.feed, &subject.runtime, position, &mut Pace::free()))?;
        suspects.sort_unstable();
        suspects.dedup();
        for (model, key) in suspects {
            let keys = std::slice::from_ref(&key);
            let read =
                || subject.runtime.block_on(moment.rows(model, keys)).map_err(|error| error.to_string());
            let young = |row: &StoredRow| !subject.definition.is_past(model, row);
            let (stored, expected) = (pace.hold(read)?.pop(), refold.row(model, &key)?);
            let (stored, expected) = (stored.filter(young), expected.filter(young));
            let different = Difference::of(subject.spec(model), key.clone(), stored, expected);
            found.extend(different.iter().map(|row| Finding::different(subject, model, row)));
        }
        for model in refold.models() {
            found.extend(not_parked(&refold, model));
        }
    }
    pace.rest()?;
    let regrouped = rollups && regroup_all(subject, &rows, &mut found, pace)?;
    Ok(Some((found, position, rows, regrouped)))
}

fn moment(subject: &Subject) -> Result<Box<dyn RowMoment>, String> {
    subject.runtime.block_on(subject.store.moment()).map_err(|error| error.to_string())
}

fn parked_in(subject: &Subject, moment: &dyn RowMoment) -> Result<Vec<ParkedKey>, String> {
    subject.runtime.block_on(moment.parked()).map_err(|error| error.to_string())
}

/// The keys that the fold parks although they are not parked.
pub(super) fn not_parked(refold: &Refold, model: usize) -> Vec<Finding> {
    let held = refold.held_by_failure(model);
    held.map(|(key, held, failure)| Finding::not_parked(model, key.clone(), held.position, &failure.error))
        .collect()
}

/// Makes the groups of all rollups anew of the stored rows, as of one moment, where these are not too many.
fn regroup_all(
    subject: &Subject,
    rows: &[Rows],
    found: &mut Vec<Finding>,
    pace: &mut Pace,
) -> Result<bool, String> {
    let definition = &subject.definition;
    let mut grouped =
        definition.models.iter().zip(rows).filter(|(model, _)| !model.rollups.is_empty()).peekable();
    if grouped.peek().is_none() || grouped.any(|(_, rows)| rows.all > REGROUPED) {
        return Ok(false);
    }
    let moment = moment(subject)?;
    let checkpoint = subject.runtime.block_on(moment.checkpoint()).map_err(|error| error.to_string())?;
    for model in 0..definition.models.len() {
        let none = Instead::new();
        let groups =
            regroup(definition, model, &*moment, &none, checkpoint.position, &subject.runtime, pace)?;
        groups.iter().for_each(|group| found.extend(Finding::regrouped(subject, group)));
    }
    drop(moment);
    pace.rest()?;
    Ok(true)
}
