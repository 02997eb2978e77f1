//! What to do with a group's editions at the start of a program that has these versions of its fold.

use watershed_core::Timestamp;

use super::record::{EditionState, Record};
use crate::projector::seat_of;

/// How long an edition that has served is kept so that it can serve again.
const REVERSIBLE_FOR_HOURS: i64 = 7 * 24;

/// The versions of a group's fold that a program has code for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Versions<'a> {
    /// The one that is to serve.
    pub(crate) current: &'a str,
    /// The one before, whose rows operators have replaced.
    pub(crate) earlier: Option<&'a str>,
    /// The present one without its newest rollups: it is replaced as soon as they are there.
    pub(crate) before_rollups: Option<&'a str>,
    /// The seats that other processes have: they may have code for versions that this program does not know.
    pub(crate) elsewhere: &'a [String],
}

impl Versions<'_> {
    pub(crate) fn knows(&self, version: &str) -> bool {
        version == self.current || [self.earlier, self.before_rollups].contains(&Some(version))
    }

    /// Whether a version that this program has no code for is kept up by another one, next to it in a rolling upgrade.
    pub(crate) fn is_kept_elsewhere(&self, version: &str) -> bool {
        !self.knows(version) && self.elsewhere.contains(&seat_of(version))
    }
}

/// The record as it is to be from now on.
///
/// An edition of a version that the program has no code for cannot be kept up, so it is retired, unless another process keeps it
/// up. Where that is the one that serves, the best edition of the program's own version takes its place at once, and a new one where there is none.
pub(crate) fn settle(mut record: Record, versions: Versions<'_>, now: Timestamp) -> Record {
    let Versions { current, before_rollups, .. } = versions;
    for edition in &mut record.editions {
        let is_over =
            edition.state == EditionState::Reversible && hours(edition.since, now) >= REVERSIBLE_FOR_HOURS;
        let is_lost = !versions.knows(&edition.version)
            && (edition.state == EditionState::Serving || !versions.is_kept_elsewhere(&edition.version));
        if edition.state != EditionState::Retired && (is_lost || is_over) {
            edition.enter(EditionState::Retired, now);
        }
    }
    if record.serving().is_none() {
        let states = [EditionState::Verified, EditionState::Reversible, EditionState::Backfilling];
        let best = states.iter().find_map(|state| {
            record.editions.iter().find(|edition| edition.version == current && edition.state == *state)
        });
        match best.map(|edition| edition.number) {
            Some(number) => {
                if let Some(edition) = record.edition_mut(number) {
                    edition.rebuild = false;
                    edition.enter(EditionState::Serving, now);
                }
            }
            None => {
                record.add(current, EditionState::Serving, now);
            }
        }
    }
    let has_current = record
        .editions
        .iter()
        .any(|edition| edition.version == current && edition.state != EditionState::Retired);
    if !has_current {
        let lacks_rollups = record.serving().is_some_and(|serving| Some(&*serving.version) == before_rollups);
        let state = if lacks_rollups { EditionState::Backfilling } else { EditionState::Declared };
        let number = record.add(current, state, now);
        if let Some(edition) = record.edition_mut(number) {
            edition.rebuild = lacks_rollups;
        }
    }
    record
}

fn hours(since: Timestamp, now: Timestamp) -> i64 {
    (now.as_micros() - since.as_micros()) / 3_600_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use EditionState::{Backfilling, Declared, Retired, Reversible, Serving, Verified};

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn record(editions: &[(u32, &str, EditionState)]) -> Record {
        let mut record = Record { last: editions.len() as u32, ..Record::default() };
        for (number, version, state) in editions {
            record.editions.push(super::super::record::EditionRecord::new(*number, version, *state, NOW));
        }
        record
    }

    fn settled(before: &Record, current: &str, earlier: Option<&str>) -> Vec<(u32, EditionState)> {
        let record =
            settle(before.clone(), Versions { current, earlier, before_rollups: None, elsewhere: &[] }, NOW);
        record.editions.iter().map(|edition| (edition.number, edition.state)).collect()
    }

    #[test]
    fn what_has_never_been_served_is_served_at_once() {
        assert_eq!(settled(&Record::default(), "v1", None), [(1, Serving)]);
    }

    #[test]
    fn a_new_version_is_declared_beside_the_one_that_serves() {
        let before = record(&[(1, "v1", Serving)]);
        assert_eq!(settled(&before, "v2", Some("v1")), [(1, Serving), (2, Declared)]);
        assert_eq!(settled(&before, "v1", None), [(1, Serving)], "nothing is new");
    }

    #[test]
    fn a_version_without_code_is_replaced_at_once() {
        let before = record(&[(1, "v1", Serving)]);
        assert_eq!(settled(&before, "v2", None), [(1, Retired), (2, Serving)]);
        let built = record(&[(1, "v1", Serving), (2, "v2", Backfilling), (3, "v2", Verified)]);
        assert_eq!(settled(&built, "v2", None), [(1, Retired), (2, Backfilling), (3, Serving)]);
    }

    #[test]
    fn a_version_that_another_process_fills_is_left_to_it() {
        let before = record(&[(1, "v1", Serving), (2, "v2", Backfilling)]);
        assert_eq!(settled(&before, "v1", None), [(1, Serving), (2, Retired)], "nobody fills it");
        let elsewhere = ["v2".to_owned()];
        let versions = Versions { current: "v1", earlier: None, before_rollups: None, elsewhere: &elsewhere };
        assert_eq!(settle(before.clone(), versions, NOW), before);
        // It cannot answer with rows that it has no code for.
        let before = record(&[(1, "v1", Reversible), (2, "v2", Serving)]);
        let settled: Vec<_> =
            settle(before, versions, NOW).editions.iter().map(|edition| edition.state).collect();
        assert_eq!(settled, [Serving, Retired]);
    }

    #[test]
    fn what_lacks_only_rollups_serves_until_they_are_there() {
        let before = record(&[(1, "v1", Serving)]);
        let versions = Versions { current: "v1+", earlier: None, before_rollups: Some("v1"), elsewhere: &[] };
        let settled = settle(before, versions, NOW);
        let states: Vec<_> =
            settled.editions.iter().map(|edition| (edition.state, edition.rebuild)).collect();
        assert_eq!(states, [(Serving, false), (Backfilling, true)]);
        assert_eq!(settle(settled.clone(), versions, NOW), settled, "once");
    }

    #[test]
    fn what_can_be_reversed_stays_so_for_a_week() {
        let before = record(&[(1, "v1", Reversible), (2, "v2", Serving)]);
        assert_eq!(settled(&before, "v2", Some("v1")), [(1, Reversible), (2, Serving)]);
        assert_eq!(settled(&before, "v2", None), [(1, Retired), (2, Serving)]);
        let later = Timestamp::from_micros(NOW.as_micros() + REVERSIBLE_FOR_HOURS * 3_600_000_000);
        let versions = Versions { current: "v2", earlier: Some("v1"), before_rollups: None, elsewhere: &[] };
        let record = settle(before, versions, later);
        assert_eq!(record.edition(1).unwrap().state, Retired);
    }
}
