//! Everything held against the log, as of one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Instant;

use watershed_core::ports::{Checkpoint, ParkedKey, RowKey, RowMoment};
use watershed_core::{Position, Predicate};

use super::drift::LastLook;
use super::finding::Finding;
use super::tally::{Folded, Tally, Tallying};
use super::{Report, Subject};
use crate::projector::{
    Against, Ground, Instead, Pace, Progress, Refold, Regrouped, Wanted, against, differences, fold_group,
    regroup, share_of, wait_for,
};

/// Stored rows that are read at once.
const PAGE: usize = 2_000;
/// Rows that are folded again at once where they may differ.
const SUSPECTS: u64 = 50_000;

/// Folds everything anew, with a rebuild's own machinery and in the memory of one, and holds it against the stored rows as of
/// one moment. Rows are compared by hashes, share by share; where a share differs, its rows are folded once more, and compared
/// field by field.
///
/// # Errors
/// Where the log or the store cannot be read, or the log holds an event that nobody can fold.
pub(crate) fn offline(subject: &Subject) -> Result<Report, String> {
    let _alone = subject.alone();
    let began = Instant::now();
    let moment = subject.runtime.block_on(subject.store.moment()).map_err(|error| error.to_string())?;
    let look = Look { subject, moment: &*moment };
    let position = look.checkpoint()?.position;
    wait_for(&subject.feed, position)?;
    let parked = look.parked()?;
    let folded = fold_everything(subject, position)?;
    let (stored, mut found) = look.tallies()?;

    let mut suspects: BTreeSet<u16> = BTreeSet::new();
    for (stored, folded) in stored.iter().zip(&folded.tallies) {
        suspects.extend(stored.differs(folded));
    }
    let elsewhere = parked_elsewhere(&parked, &folded.parked);
    suspects.extend(elsewhere.iter().map(share_of));
    look.refolded(&suspects, &folded.tallies, &parked, position, &mut found)?;
    // Rows that are past their age leave their groups when they are deleted, which the fold knows nothing of.
    let same_rows = elsewhere.is_empty() && !subject.definition.ages();
    look.groups(folded, same_rows, position, &mut found)?;

    let rows: Vec<u64> = stored.iter().map(Tally::rows).collect();
    let last = |table: usize| {
        let rows = rows.get(table).copied().unwrap_or(0);
        Some(LastLook { at: subject.clock.now(), how: "offline", position, rows })
    };
    subject.settle(&|_| true, found, &last, position);
    Ok(subject.report("offline", (position, position, rows.iter().sum()), began.elapsed()))
}

fn fold_everything(subject: &Subject, position: Position) -> Result<Folded, String> {
    let (loader, folded) = Tallying::new(subject.definition.clone());
    let ground = Ground {
        definition: &subject.definition,
        feed: &subject.feed,
        runtime: &subject.runtime,
        clock: &subject.clock,
        closing: &subject.closing,
        // Nobody asks how it comes on.
        progress: &Progress::new(Checkpoint::default()),
        rate: None,
    };
    let (sink, _) = fold_group(&ground, Box::new(loader), position)?;
    sink.finish(&subject.runtime, Checkpoint { position, ..Checkpoint::default() })?;
    let mut folded = folded.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = Folded {
        tallies: std::mem::take(&mut folded.tallies),
        groups: std::mem::take(&mut folded.groups),
        parked: std::mem::take(&mut folded.parked),
    };
    Ok(taken)
}

/// The keys that are parked on other events than the fold parks them on, or in one of the two only.
fn parked_elsewhere(stored: &[ParkedKey], folded: &[ParkedKey]) -> Vec<RowKey> {
    let set = |parked: &[ParkedKey]| -> BTreeSet<(usize, RowKey, Position)> {
        parked.iter().map(|parked| (parked.table, parked.key.clone(), parked.position)).collect()
    };
    let (stored, folded) = (set(stored), set(folded));
    stored.symmetric_difference(&folded).map(|(_, key, _)| key.clone()).collect()
}

/// A look at the stored rows.
struct Look<'a> {
    subject: &'a Subject,
    moment: &'a dyn RowMoment,
}

impl Look<'_> {
    fn checkpoint(&self) -> Result<Checkpoint, String> {
        self.subject.runtime.block_on(self.moment.checkpoint()).map_err(|error| error.to_string())
    }

    fn parked(&self) -> Result<Vec<ParkedKey>, String> {
        self.subject.runtime.block_on(self.moment.parked()).map_err(|error| error.to_string())
    }

    /// What the read models' tables come to, and what the checks find wrong with their rows, and with those of rollups.
    fn tallies(&self) -> Result<(Vec<Tally>, Vec<Finding>), String> {
        let (models, mut found) = (self.subject.definition.models.len(), Vec::new());
        let mut tallies = vec![Tally::new(); models];
        for table in 0..self.subject.tables.len() {
            if table >= models && self.subject.tables[table].checks.is_empty() {
                continue;
            }
            let mut after: Option<RowKey> = None;
            loop {
                let page = self.moment.scan(table, &Predicate::All, after.as_ref(), PAGE);
                let page = self.subject.runtime.block_on(page).map_err(|error| error.to_string())?;
                for row in &page {
                    if self.subject.definition.is_past(table, row) {
                        continue;
                    }
                    if let Some(tally) = tallies.get_mut(table) {
                        tally.add(row);
                    }
                    self.subject.checked(table, row, &mut found);
                }
                let Some(last) = page.last() else { break };
                after = Some(last.key.clone());
            }
        }
        Ok((tallies, found))
    }

    /// Folds the rows of these shares once more, and compares them field by field.
    fn refolded(
        &self,
        suspects: &BTreeSet<u16>,
        tallies: &[Tally],
        parked: &[ParkedKey],
        position: Position,
        found: &mut Vec<Finding>,
    ) -> Result<(), String> {
        let mut suspects = suspects.iter().copied().peekable();
        while suspects.peek().is_some() {
            let mut rows = 0;
            let few = std::iter::from_fn(|| {
                let share = suspects.next_if(|_| rows < SUSPECTS)?;
                rows += tallies.iter().map(|tally| tally.rows_in(share)).sum::<u64>();
                Some(share)
            });
            let wanted = Wanted::shares(few, self.subject.definition.models.len());
            let mut refold = Refold::new(self.subject.definition.clone(), wanted, parked);
            let pace = &mut Pace::free();
            refold.advance(&self.subject.feed, &self.subject.runtime, position, pace)?;
            for model in refold.models() {
                let runtime = &self.subject.runtime;
                let different =
                    differences(&refold, model, self.moment, Against::All, runtime, pace, &mut |_, _| {})?;
                found.extend(different.iter().map(|row| Finding::different(self.subject, model, row)));
                found.extend(super::online::not_parked(&refold, model));
            }
        }
        Ok(())
    }

    /// Compares the rollups' groups: with those of the fold; where that parks other keys than are parked, and so has other rows,
    /// with those of the stored rows.
    fn groups(
        &self,
        folded: Folded,
        same_rows: bool,
        position: Position,
        found: &mut Vec<Finding>,
    ) -> Result<(), String> {
        let (subject, runtime, pace) = (self.subject, &self.subject.runtime, &mut Pace::free());
        if !same_rows {
            for model in 0..subject.definition.models.len() {
                let none = Instead::new();
                let groups =
                    regroup(&subject.definition, model, self.moment, &none, position, runtime, pace)?;
                groups.iter().for_each(|group| found.extend(Finding::regrouped(subject, group)));
            }
            return Ok(());
        }
        let mut expected: BTreeMap<usize, _> = folded.groups;
        let specs: Vec<_> = subject.definition.tables().collect();
        let first = subject.definition.models.len();
        let rollups: usize = subject.definition.models.iter().map(|model| model.rollups.len()).sum();
        let own = (first..first + rollups).map(|rollup| (rollup, rollup));
        for (table, rollup) in own.chain(subject.definition.values()) {
            let groups = expected.remove(&table).unwrap_or_default();
            let different = against(self.moment, table, specs[table], groups, runtime, pace)?;
            found.extend(Finding::regrouped(subject, &Regrouped { rollup, table, different }));
        }
        Ok(())
    }
}
