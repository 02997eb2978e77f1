//! Rows folded again and put in place of the stored ones, while everything goes on.

use rustc_hash::FxHashSet;

use super::{Subject, offline};
use crate::projector::{Mended, Pace, ParkedRow, Refold, SHARES, Wanted};

/// Rows that are folded and written at once: the group's own fold goes on in between.
const TOGETHER: usize = 10_000;
const TOGETHER_OF_SHARES: u64 = 50_000;

/// Folds the rows of these keys again, up to where the group is, and writes what differs; `rollups`: also the groups of all
/// rollups that are not what the rows make.
///
/// # Errors
/// Where the log or the store cannot be read or written. What has been put right until then is right.
pub(crate) fn mend_keys(
    subject: &Subject,
    mut keys: Vec<ParkedRow>,
    rollups: bool,
) -> Result<Mended, String> {
    let _alone = subject.alone();
    keys.sort_unstable();
    keys.dedup();
    let mut mended = Mended::default();
    for keys in keys.chunks(TOGETHER) {
        mended.add(&put_right(subject, Wanted::keys(keys.iter().cloned()), false)?);
        let set: FxHashSet<&ParkedRow> = keys.iter().collect();
        for (table, view) in subject.views().enumerate() {
            subject.drift.mended(view, |key| set.contains(&(table, key.clone())));
        }
    }
    if rollups {
        mended.add(&rollups_alone(subject)?);
    }
    Ok(mended)
}

/// Puts everything right that is known to be wrong in the group.
///
/// # Errors
/// As [`mend_keys`].
pub(crate) fn mend_what_is_known(subject: &Subject) -> Result<Mended, String> {
    let models = subject.definition.models.len();
    let views: Vec<&'static str> = subject.views().collect();
    let (of_models, of_rollups) = views.split_at(models);
    if of_models.iter().any(|view| subject.drift.is_more(view)) {
        return mend_everything(subject);
    }
    let keys = of_models
        .iter()
        .enumerate()
        .flat_map(|(model, view)| subject.drift.keys(view).into_iter().map(move |key| (model, key)));
    let rollups = of_rollups.iter().any(|view| subject.drift.count(view) > 0);
    mend_keys(subject, keys.collect(), rollups)
}

/// Folds all rows again, some at a time: for where more differ than anybody has listed. Looks again at the end.
fn mend_everything(subject: &Subject) -> Result<Mended, String> {
    let mut mended = Mended::default();
    let rows = subject.views().filter_map(|view| subject.drift.brief(view).last).map(|last| last.rows).max();
    let parts = u16::try_from(rows.unwrap_or(0) / TOGETHER_OF_SHARES + 1).unwrap_or(SHARES).min(SHARES);
    {
        let _alone = subject.alone();
        let models = subject.definition.models.len();
        for part in 0..parts {
            let shares = (0..SHARES).filter(|share| share % parts == part);
            mended.add(&put_right(subject, Wanted::shares(shares, models), false)?);
        }
        mended.add(&rollups_alone(subject)?);
    }
    offline(subject)?;
    Ok(mended)
}

fn rollups_alone(subject: &Subject) -> Result<Mended, String> {
    let models = subject.definition.models.len();
    let mended = put_right(subject, Wanted::nothing(models), true)?;
    subject.views().skip(models).for_each(|view| subject.drift.mended(view, |_| true));
    Ok(mended)
}

fn put_right(subject: &Subject, wanted: Wanted, rollups: bool) -> Result<Mended, String> {
    // Of the wanted rows none is held: keys that are parked are tried again.
    let parked = subject.runtime.block_on(subject.store.parked()).map_err(|error| error.to_string())?;
    let mut refold = Refold::anew(subject.definition.clone(), wanted, &parked);
    subject.catch_up(&mut refold, &mut Pace::free())?;
    subject.mend(refold, rollups)
}
