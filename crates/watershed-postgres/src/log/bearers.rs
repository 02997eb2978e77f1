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

/// Somebody who waits until these tags are known.
pub(super) struct Asks {
    pub(super) tags: Vec<Uuid>,
    pub(super) told: oneshot::Sender<Result<(), LogError>>,
}

#[derive(Default)]
struct Known {
    /// The lists hold everything up to here.
    until: Position,
    lists: HashMap<Uuid, List>,
    size: usize,
}

/// The events that bear a tag.
struct List {
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
    pub(super) tags: Vec<Uuid>,
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

    /// Waits until these tags have been asked for.
    pub(super) async fn ask(&self, tags: Vec<Uuid>) -> Result<(), LogError> {
        let (told, answer) = oneshot::channel();
        let ended = || LogError::Store("the log is closed".to_owned());
        self.asking.send(Asks { tags, told }).map_err(|_| ended())?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// The events behind `after` that bear all of the tags, where everything up to `head` is known.
    pub(super) fn find(&self, tags: &[Uuid], after: Position, head: Position) -> Found {
        let known = self.lock();
        if known.until < head {
            return Found::Unknown;
        }
        let lists = || tags.iter().map(|tag| known.lists.get(tag));
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

    /// The log has come from one position to another, by events that bear these tags, in their order.
    pub(super) fn pass(
        &self,
        from: Position,
        until: Position,
        tagged: impl Iterator<Item = (Uuid, Position)>,
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
        for (tag, position) in tagged.filter(|(_, position)| *position > seen) {
            known.add(tag, position);
        }
        if known.size > MOST {
            known.forget();
        }
    }

    /// Which of the tags are not known, and from where on others' events are not. Until the answer comes, what passes is
    /// kept for them.
    pub(super) fn unknown(&self, tags: impl Iterator<Item = Uuid>, head: Position) -> Unknown {
        let mut known = self.lock();
        if known.lists.is_empty() || head.saturating_sub(known.until) > BEHIND {
            known.forget();
            known.until = known.until.max(head);
        }
        let mut unknown = Unknown { until: known.until, tags: Vec::new() };
        for tag in tags {
            known.lists.entry(tag).or_insert_with(|| {
                unknown.tags.push(tag);
                List { positions: Vec::new(), reach: Reach::Asked }
            });
        }
        known.size += unknown.tags.len() * LIST;
        unknown
    }

    /// The server has told of a tag, up to where it was asked for.
    pub(super) fn learn(&self, tag: Uuid, mut positions: Vec<Position>) {
        let known = &mut *self.lock();
        let Some(list) = known.lists.get_mut(&tag).filter(|list| list.reach == Reach::Asked) else { return };
        known.size -= list.positions.len();
        if positions.len() > LONG {
            *list = List { positions: Vec::new(), reach: Reach::Long };
            return;
        }
        positions.append(&mut list.positions);
        known.size += positions.len();
        *list = List { positions, reach: Reach::Whole };
    }

    /// The server has not told of them.
    pub(super) fn give_up(&self, tags: &[Uuid]) {
        let known = &mut *self.lock();
        for tag in tags {
            if known.lists.get(tag).is_some_and(|list| list.reach == Reach::Asked)
                && let Some(list) = known.lists.remove(tag)
            {
                known.size -= LIST + list.positions.len();
            }
        }
    }
}

impl Known {
    fn add(&mut self, tag: Uuid, position: Position) {
        let Some(list) = self.lists.get_mut(&tag).filter(|list| list.reach != Reach::Long) else { return };
        // An event may bear a tag twice.
        if list.positions.last() != Some(&position) {
            list.positions.push(position);
            self.size += 1;
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

    fn among(positions: &[Position], until: Position) -> Found {
        Found::Among { positions: positions.to_vec(), until }
    }

    fn asked(tags: &[Uuid], head: Position) -> (Bearers, Unknown) {
        let (bearers, _) = Bearers::new();
        let unknown = bearers.unknown(tags.iter().copied(), head);
        (bearers, unknown)
    }

    #[test]
    fn what_passes_while_the_server_is_asked_is_not_lost() {
        let (bearers, unknown) = asked(&TAGS[..2], 10);
        assert_eq!((unknown.until, &unknown.tags[..]), (10, &TAGS[..2]));
        bearers.pass(10, 12, [(TAGS[0], 11), (TAGS[1], 12), (TAGS[2], 12)].into_iter());
        assert_eq!(bearers.find(&TAGS[..2], 0, 10), Found::Unknown);
        bearers.learn(TAGS[0], vec![3, 7]);
        bearers.learn(TAGS[1], vec![7]);
        assert_eq!(bearers.find(&TAGS[..1], 0, 12), among(&[3, 7, 11], 12));
        assert_eq!(bearers.find(&TAGS[..1], 7, 12), among(&[11], 12));
        assert_eq!(bearers.find(&TAGS[..2], 0, 12), among(&[7], 12));
        assert_eq!(bearers.find(&TAGS, 0, 12), Found::Unknown, "the third was not asked for");
    }

    #[test]
    fn nothing_is_said_as_long_as_others_events_have_not_been_read() {
        let (bearers, _) = asked(&TAGS[..1], 10);
        bearers.learn(TAGS[0], vec![]);
        assert_eq!(bearers.find(&TAGS[..1], 0, 10), among(&[], 10));
        // 11 is somebody else's.
        bearers.pass(11, 12, [(TAGS[0], 12)].into_iter());
        assert_eq!(bearers.find(&TAGS[..1], 0, 12), Found::Unknown);
        assert_eq!(bearers.unknown(TAGS[..1].iter().copied(), 12).until, 10);
        bearers.pass(10, 12, [(TAGS[0], 11), (TAGS[0], 12)].into_iter());
        // The same once more.
        bearers.pass(10, 12, [(TAGS[0], 11), (TAGS[0], 12)].into_iter());
        assert_eq!(bearers.find(&TAGS[..1], 0, 12), among(&[11, 12], 12));
    }

    #[test]
    fn a_tag_that_nothing_bears_is_enough() {
        let (bearers, _) = asked(&TAGS[..1], 5);
        bearers.learn(TAGS[0], vec![]);
        assert_eq!(bearers.find(&TAGS, 0, 5), among(&[], 5));
    }

    #[test]
    fn of_a_tag_that_much_bears_nothing_is_remembered() {
        let (bearers, _) = asked(&TAGS[..2], 10_000);
        bearers.learn(TAGS[0], (1..=LONG as u64 + 1).collect());
        bearers.learn(TAGS[1], vec![5]);
        bearers.pass(10_000, 10_001, [(TAGS[0], 10_001)].into_iter());
        assert_eq!(bearers.find(&TAGS[..1], 0, 10_001), Found::Long);
        assert_eq!(bearers.find(&TAGS[..2], 0, 10_001), among(&[5], 10_001), "which may bear it");
    }

    #[test]
    fn what_could_not_be_asked_for_is_asked_for_again() {
        let (bearers, unknown) = asked(&TAGS[..1], 5);
        bearers.pass(5, 6, [(TAGS[0], 6)].into_iter());
        bearers.give_up(&unknown.tags);
        assert_eq!(bearers.lock().size, 0);
        assert_eq!(bearers.unknown(TAGS[..1].iter().copied(), 6).tags, TAGS[..1]);
        bearers.learn(TAGS[0], vec![6]);
        assert_eq!(bearers.find(&TAGS[..1], 0, 6), among(&[6], 6));
    }

    #[test]
    fn whoever_is_far_behind_begins_anew() {
        let (bearers, _) = asked(&TAGS[..1], 5);
        bearers.learn(TAGS[0], vec![]);
        let unknown = bearers.unknown(TAGS[..1].iter().copied(), 6 + BEHIND);
        assert_eq!((unknown.until, &unknown.tags[..]), (6 + BEHIND, &TAGS[..1]));
    }

    #[test]
    fn lists_are_cut_with_each_other() {
        let every = |step: usize| (step as u64..2_000).step_by(step).collect::<Vec<Position>>();
        for (left, right) in [(2, 3), (1, 7), (7, 1), (501, 2), (3, 1_999)] {
            let (bearers, _) = asked(&TAGS[..2], 2_000);
            bearers.learn(TAGS[0], every(left));
            bearers.learn(TAGS[1], every(right));
            let expected: Vec<_> = every(left).into_iter().filter(|all| all % right as u64 == 0).collect();
            assert_eq!(bearers.find(&TAGS[..2], 0, 2_000), among(&expected, 2_000), "{left} {right}");
        }
    }
}
