use crate::projector::slice::{SHARES, Slice};

/// What is known of an event: nothing, or that it may concern any row.
const LOOK: u8 = 0;
/// It concerns no row.
const NOBODY: u8 = 1;
/// How many other notes there are: each stands for some shares of the keys.
const KINDS: u32 = 254;

/// What a reader remembers of the events that it has seen, a byte for each: whose rows they may concern. So a later pass reads
/// only what it is made for.
pub(super) struct Notes {
    notes: Vec<u8>,
    /// So many events are remembered. What comes behind them is looked at in each pass.
    most: usize,
}

/// Which notes are of interest.
pub(super) struct Wanted([bool; 256]);

impl Notes {
    pub(super) fn new(most: usize) -> Self {
        Self { notes: Vec::new(), most }
    }

    /// Remembers that the reader's event of that number concerns a row of that share; `None`: no row.
    pub(super) fn remember(&mut self, number: u64, share: Option<u16>) {
        let Some(number) = usize::try_from(number).ok().filter(|number| *number < self.most) else { return };
        if number >= self.notes.len() {
            self.notes.resize(number + 1, LOOK);
        }
        self.notes[number] = share.map_or(NOBODY, note);
    }

    /// Whether the reader's event of that number may be wanted.
    #[inline]
    pub(super) fn may_be(&self, wanted: &Wanted, number: u64) -> bool {
        let noted = usize::try_from(number).ok().and_then(|number| self.notes.get(number));
        wanted.0[usize::from(*noted.unwrap_or(&LOOK))]
    }

    pub(super) fn footprint(&self) -> usize {
        self.notes.capacity()
    }
}

impl Wanted {
    /// What concerns a row of one of the slices.
    pub(super) fn of(slices: &[Option<Slice>]) -> Self {
        let mut wanted = [false; 256];
        wanted[usize::from(LOOK)] = true;
        for slice in slices.iter().flatten() {
            wanted[usize::from(note(slice.first))..=usize::from(note(slice.last))].fill(true);
        }
        Self(wanted)
    }
}

/// The note of an event that concerns a key of that share. Rises with the share; some shares have one note.
fn note(share: u16) -> u8 {
    let noted = u32::from(share) * KINDS / u32::from(SHARES);
    // invariant: below `KINDS`
    NOBODY + 1 + u8::try_from(noted).unwrap_or(u8::MAX - NOBODY - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_wanted_is_passed_over() {
        let shares =
            |number: u64| u16::try_from(number.wrapping_mul(2_654_435_761) % u64::from(SHARES)).unwrap();
        let mut notes = Notes::new(5_000);
        for number in (0..6_000).filter(|number| number % 7 != 0) {
            notes.remember(number, (number % 3 != 0).then(|| shares(number)));
        }
        let slice = Slice { first: 800, last: 1_200 };
        let wanted = Wanted::of(&[None, Some(slice), Some(Slice { first: SHARES - 1, last: SHARES - 1 })]);
        let mut passed = 0;
        for number in 0..6_000 {
            let unknown = number % 7 == 0 || number >= 5_000;
            let concerns = number % 3 != 0 && (slice.holds(shares(number)) || shares(number) == SHARES - 1);
            let may_be = notes.may_be(&wanted, number);
            assert!(may_be || !(unknown || concerns), "{number}");
            passed += u64::from(!may_be);
        }
        assert!(passed > 3_000, "{passed}");
        assert!(!notes.may_be(&Wanted::of(&[None]), 1), "nobody wants it");
    }
}
