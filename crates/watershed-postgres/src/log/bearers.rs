//! Which events bear which tags, as far as this process has come to know.
//!
//! What a decision rests on is mostly not there yet, or among the newest, and a question to the server for each would cost more
//! than the append. So the tags that have been asked for are remembered, each with the positions of all events that bear it, and
//! every commit adds its own. What others have committed meanwhile is read before anything is said from memory. Whoever decides
//! on it holds its append to where the memory ends, so that nothing which came since is passed over.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use watershed_core::Position;
use watershed_core::ports::LogError;

/// So many positions are remembered; a list counts as a few of them.
const MOST: usize = 1_000_000;
const LIST: usize = 8;
/// So many events of others are read to keep what is remembered; beyond that it is forgotten.
const BEHIND: Position = 4_096;
/// A tag of which the server tells more is not remembered.
pub(super) const LONG: usize = 4_096;
/// So many events are looked at one by one, whether they bear the tags of which too much would have to be remembered.
const FEW: usize = 1_024;

/// What is remembered, and the way to those who ask for more.
pub(super) struct Bearers {
    known: Mutex<Known>,
    asking: mpsc::UnboundedSender<Asks>,
}

/// A tag, of events that have one of the names where there are any. A boundary's names are remembered with its tags: events of one name
/// may be few among many that bear the tag, as a category is among its products.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    pub(super) tag: Uuid,
    pub(super) names: Vec<&'static str>,
}

/// Somebody who waits until these are known.
pub(super) struct Asks {
    pub(super) marks: Vec<Mark>,
    pub(super) told: oneshot::Sender<Result<(), LogError>>,
}

#[derive(Default)]
struct Known {
    /// The lists hold everything up to here.
    until: Position,
    lists: HashMap<Uuid, Vec<List>>,
    size: usize,
}

/// The events that bear a tag, and have one of the names where there are any.
struct List {
    names: Vec<&'static str>,
    /// In their order.
    positions: Vec<Position>,
    reach: Reach,
}

#[derive(Clone, Copy, PartialEq)]
enum Reach {
    /// All of them.
    Whole,
    /// Those that came after the server was asked for the others.
    Asked,
    /// None: they are too many.
    Long,
}

/// What the memory says of the events that bear some tags.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// They are among these, and there are no others up to `until`.
    Among { positions: Vec<Position>, until: Position },
    /// They are too many to be remembered.
    Long,
    /// The server has to be asked.
    Unknown,
}

/// What there is to ask the server for.
pub(super) struct Unknown {
    /// What is remembered ends here.
    pub(super) until: Position,
    pub(super) marks: Vec<Mark>,
}

impl Bearers {
    /// Nothing is remembered. Whoever asks comes by the receiver.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Asks>) {
        let (asking, asked) = mpsc::unbounded_channel();
        (Self { known: Mutex::default(), asking }, asked)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until these have been asked for.
    pub(super) async fn ask(&self, marks: Vec<Mark>) -> Result<(), LogError> {
        let (told, answer) = oneshot::channel();
        let ended = || LogError::Store("the log is closed".to_owned());
        self.asking.send(Asks { marks, told }).map_err(|_| ended())?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// The events behind `after` that bear all of the marks, where everything up to `head` is known.
    pub(super) fn find(&self, marks: &[Mark], after: Position, head: Position) -> Found {
        let known = self.lock();
        if known.until < head {
            return Found::Unknown;
        }
        let lists = || marks.iter().map(|mark| known.list(mark));
        let whole = lists().flatten().filter(|list| list.reach == Reach::Whole);
        let mut whole: Vec<&[Position]> = whole
            .map(|list| &list.positions[list.positions.partition_point(|position| *position <= after)..])
            .collect();
        whole.sort_unstable_by_key(|positions| positions.len());
        let is_known = lists().all(|list| list.is_some_and(|list| list.reach != Reach::Asked));
        let Some((shortest, others)) = whole.split_first_mut() else {
            return if is_known { Found::Long } else { Found::Unknown };
        };
        // Nothing is in all of them where one is empty, whatever the others are.
        if !is_known && !shortest.is_empty() {
            return Found::Unknown;
        }
        let is_in_others = |position: &Position| others.iter_mut().all(|other| has_next(other, *position));
        let positions: Vec<Position> = shortest.iter().copied().filter(is_in_others).collect();
        if positions.len() > FEW && lists().flatten().any(|list| list.reach == Reach::Long) {
            return Found::Long;
        }
        Found::Among { positions, until: known.until }
    }

    /// The log has come from one position to another, by events that bear these tags and have these names, in their order.
    pub(super) fn pass<'a>(
        &self,
        from: Position,
        until: Position,
        tagged: impl Iterator<Item = (Uuid, Position, &'a str)>,
    ) {
        let mut known = self.lock();
        // In between there is what others have appended: it is read when somebody asks, and this with it.
        if from > known.until {
            return;
        }
        let seen = known.until;
        known.until = seen.max(until);
        if known.lists.is_empty() {
            return;
        }
        for (tag, position, name) in tagged.filter(|(_, position, _)| *position > seen) {
            known.add(tag, position, name);
        }
        if known.size > MOST {
            known.forget();
        }
    }

    /// Which of the marks are not known, and from where on others' events are not. Until the answer comes, what passes is
    /// kept for them.
    pub(super) fn unknown<'a>(&self, marks: impl Iterator<Item = &'a Mark>, head: Position) -> Unknown {
        let mut known = self.lock();
        if known.lists.is_empty() || head.saturating_sub(known.until) > BEHIND {
            known.forget();
            known.until = known.until.max(head);
        }
        let mut unknown = Unknown { until: known.until, marks: Vec::new() };
        for mark in marks {
            let of_tag = known.lists.entry(mark.tag).or_default();
            if !of_tag.iter().any(|list| list.names == mark.names) {
                of_tag.push(List { names: mark.names.clone(), positions: Vec::new(), reach: Reach::Asked });
                unknown.marks.push(mark.clone());
            }
        }
        known.size += unknown.marks.len() * LIST;
        unknown
    }

    /// The server has told of a mark, up to where it was asked for.
    pub(super) fn learn(&self, mark: &Mark, mut positions: Vec<Position>) {
        let known = &mut *self.lock();
        let list = known.lists.get_mut(&mark.tag).and_then(|of_tag| {
            of_tag.iter_mut().find(|list| list.names == mark.names && list.reach == Reach::Asked)
        });
        let Some(list) = list else { return };
        known.size -= list.positions.len();
        if positions.len() > LONG {
            (list.positions, list.reach) = (Vec::new(), Reach::Long);
            return;
        }
        positions.append(&mut list.positions);
        known.size += positions.len();
        (list.positions, list.reach) = (positions, Reach::Whole);
    }

    /// The server has not told of them.
    pub(super) fn give_up(&self, marks: &[Mark]) {
        let known = &mut *self.lock();
        for mark in marks {
            let Some(of_tag) = known.lists.get_mut(&mark.tag) else { continue };
            let is_asked = |list: &List| list.names == mark.names && list.reach == Reach::Asked;
            if let Some(place) = of_tag.iter().position(is_asked) {
                known.size -= LIST + of_tag.swap_remove(place).positions.len();
            }
            if of_tag.is_empty() {
                known.lists.remove(&mark.tag);
            }
        }
    }
}

impl Known {
    fn list(&self, mark: &Mark) -> Option<&List> {
        self.lists.get(&mark.tag)?.iter().find(|list| list.names == mark.names)
    }

    fn add(&mut self, tag: Uuid, position: Position, name: &str) {
        for list in self.lists.get_mut(&tag).into_iter().flatten() {
            let is_named = list.names.is_empty() || list.names.contains(&name);
            // An event may bear a tag twice.
            if is_named && list.reach != Reach::Long && list.positions.last() != Some(&position) {
                list.positions.push(position);
                self.size += 1;
            }
        }
    }

    /// The hot ones come back at once.
    fn forget(&mut self) {
        self.lists.clear();
        self.size = 0;
    }
}

/// Goes on in a list in order to the first that is not before the position, and says whether it is that one. The next one is
/// likely to be near.
fn has_next(list: &mut &[Position], position: Position) -> bool {
    let mut bound = 1;
    while list.get(bound).is_some_and(|passed| *passed < position) {
        bound *= 2;
    }
    let near = bound / 2..list.len().min(bound + 1);
    let skipped = near.start + list[near].partition_point(|passed| *passed < position);
    *list = &list[skipped..];
    list.first() == Some(&position)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAGS: [Uuid; 3] = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
    const NAME: &str = "came";

    fn marks<const N: usize>() -> [Mark; N] {
        std::array::from_fn(|place| Mark { tag: TAGS[place], names: Vec::new() })
    }

    fn pass(bearers: &Bearers, from: Position, until: Position, tagged: &[(Uuid, Position)]) {
        bearers.pass(from, until, tagged.iter().map(|(tag, position)| (*tag, *position, NAME)));
    }

    fn among(positions: &[Position], until: Position) -> Found {
        Found::Among { positions: positions.to_vec(), until }
    }

    fn asked(marks: &[Mark], head: Position) -> (Bearers, Unknown) {
        let (bearers, _) = Bearers::new();
        let unknown = bearers.unknown(marks.iter(), head);
        (bearers, unknown)
    }

    #[test]
    fn what_passes_while_the_server_is_asked_is_not_lost() {
        let (bearers, unknown) = asked(&marks::<2>(), 10);
        assert_eq!((unknown.until, &unknown.marks[..]), (10, &marks::<2>()[..]));
        pass(&bearers, 10, 12, &[(TAGS[0], 11), (TAGS[1], 12), (TAGS[2], 12)]);
        assert_eq!(bearers.find(&marks::<2>(), 0, 10), Found::Unknown);
        bearers.learn(&marks::<1>()[0], vec![3, 7]);
        bearers.learn(&marks::<2>()[1], vec![7]);
        assert_eq!(bearers.find(&marks::<1>(), 0, 12), among(&[3, 7, 11], 12));
        assert_eq!(bearers.find(&marks::<1>(), 7, 12), among(&[11], 12));
        assert_eq!(bearers.find(&marks::<2>(), 0, 12), among(&[7], 12));
        assert_eq!(bearers.find(&marks::<3>(), 0, 12), Found::Unknown, "the third was not asked for");
    }

    #[test]
    fn nothing_is_said_as_long_as_others_events_have_not_been_read() {
        let (bearers, _) = asked(&marks::<1>(), 10);
        bearers.learn(&marks::<1>()[0], vec![]);
        assert_eq!(bearers.find(&marks::<1>(), 0, 10), among(&[], 10));
        // 11 is somebody else's.
        pass(&bearers, 11, 12, &[(TAGS[0], 12)]);
        assert_eq!(bearers.find(&marks::<1>(), 0, 12), Found::Unknown);
        assert_eq!(bearers.unknown(marks::<1>().iter(), 12).until, 10);
        pass(&bearers, 10, 12, &[(TAGS[0], 11), (TAGS[0], 12)]);
        // The same once more.
        pass(&bearers, 10, 12, &[(TAGS[0], 11), (TAGS[0], 12)]);
        assert_eq!(bearers.find(&marks::<1>(), 0, 12), among(&[11, 12], 12));
    }

    #[test]
    fn a_tag_that_nothing_bears_is_enough() {
        let (bearers, _) = asked(&marks::<1>(), 5);
        bearers.learn(&marks::<1>()[0], vec![]);
        assert_eq!(bearers.find(&marks::<3>(), 0, 5), among(&[], 5));
    }

    #[test]
    fn of_a_tag_that_much_bears_nothing_is_remembered() {
        let (bearers, _) = asked(&marks::<2>(), 10_000);
        bearers.learn(&marks::<1>()[0], (1..=LONG as u64 + 1).collect());
        bearers.learn(&marks::<2>()[1], vec![5]);
        pass(&bearers, 10_000, 10_001, &[(TAGS[0], 10_001)]);
        assert_eq!(bearers.find(&marks::<1>(), 0, 10_001), Found::Long);
        assert_eq!(bearers.find(&marks::<2>(), 0, 10_001), among(&[5], 10_001), "which may bear it");
    }

    #[test]
    fn what_could_not_be_asked_for_is_asked_for_again() {
        let (bearers, unknown) = asked(&marks::<1>(), 5);
        pass(&bearers, 5, 6, &[(TAGS[0], 6)]);
        bearers.give_up(&unknown.marks);
        assert_eq!(bearers.lock().size, 0);
        assert_eq!(bearers.unknown(marks::<1>().iter(), 6).marks, marks::<1>());
        bearers.learn(&marks::<1>()[0], vec![6]);
        assert_eq!(bearers.find(&marks::<1>(), 0, 6), among(&[6], 6));
    }

    #[test]
    fn whoever_is_far_behind_begins_anew() {
        let (bearers, _) = asked(&marks::<1>(), 5);
        bearers.learn(&marks::<1>()[0], vec![]);
        let unknown = bearers.unknown(marks::<1>().iter(), 6 + BEHIND);
        assert_eq!((unknown.until, &unknown.marks[..]), (6 + BEHIND, &marks::<1>()[..]));
    }

    #[test]
    fn lists_are_cut_with_each_other() {
        let every = |step: usize| (step as u64..2_000).step_by(step).collect::<Vec<Position>>();
        for (left, right) in [(2, 3), (1, 7), (7, 1), (501, 2), (3, 1_999)] {
            let (bearers, _) = asked(&marks::<2>(), 2_000);
            bearers.learn(&marks::<1>()[0], every(left));
            bearers.learn(&marks::<2>()[1], every(right));
            let expected: Vec<_> = every(left).into_iter().filter(|all| all % right as u64 == 0).collect();
            assert_eq!(bearers.find(&marks::<2>(), 0, 2_000), among(&expected, 2_000), "{left} {right}");
        }
    }

    #[test]
    fn of_a_tag_that_much_bears_the_events_of_one_name_are_remembered() {
        let named = |name| Mark { tag: TAGS[0], names: vec![name] };
        let (bearers, _) = asked(&[named("category"), marks::<1>()[0].clone()], 10_000);
        bearers.learn(&marks::<1>()[0], (1..=LONG as u64 + 1).collect());
        bearers.learn(&named("category"), vec![1]);
        bearers.pass(
            10_000,
            10_002,
            [(TAGS[0], 10_001, "product"), (TAGS[0], 10_002, "category")].into_iter(),
        );
        assert_eq!(bearers.find(&[named("category")], 0, 10_002), among(&[1, 10_002], 10_002));
        assert_eq!(bearers.find(&marks::<1>(), 0, 10_002), Found::Long);
        assert_eq!(bearers.find(&[named("product")], 0, 10_002), Found::Unknown);
    }
}
