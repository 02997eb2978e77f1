use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;
use watershed_core::ports::RowKey;

/// All keys are shared out by hash into so many shares, which are of about one size.
pub(crate) const SHARES: u16 = 4_096;

/// The share that a key is in. Not stored anywhere: it may change between programs.
pub(crate) fn share(tenant: &str, key: &str) -> u16 {
    let mut hasher = FxHasher::default();
    tenant.hash(&mut hasher);
    key.hash(&mut hasher);
    // The hash's highest bits, which are its best ones.
    u16::try_from(hasher.finish() >> (64 - SHARES.trailing_zeros())).unwrap_or(0)
}

/// The [`share`] that a row's key is in.
pub(crate) fn share_of(key: &RowKey) -> u16 {
    share(key.tenant.as_str(), key.key.as_str())
}

/// A part of the keys: the shares from `first` to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) first: u16,
    pub(crate) last: u16,
}

impl Slice {
    /// All keys.
    pub(crate) const ALL: Self = Self { first: 0, last: SHARES - 1 };

    /// `count` slices that together are all keys.
    pub(crate) fn parts(count: u16) -> Vec<Self> {
        let count = count.clamp(1, SHARES);
        let end = |part: u16| u16::try_from(u32::from(SHARES) * u32::from(part) / u32::from(count));
        let end = |part| end(part).unwrap_or(SHARES);
        (0..count).map(|part| Self { first: end(part), last: end(part + 1) - 1 }).collect()
    }

    pub(crate) fn holds(self, share: u16) -> bool {
        (self.first..=self.last).contains(&share)
    }

    /// How many shares it has.
    pub(crate) fn width(self) -> u16 {
        self.last - self.first + 1
    }

    /// The lower half; `None` for a slice of one share.
    pub(crate) fn lower_half(self) -> Option<Self> {
        (self.width() > 1).then(|| self.at_most(self.width() / 2))
    }

    /// What of it lies behind another that begins where it does, or in it.
    pub(crate) fn behind(self, other: Self) -> Option<Self> {
        (other.last < self.last).then(|| Self { first: other.last + 1, ..self })
    }

    /// Its beginning: so many shares at most, but one.
    pub(crate) fn at_most(self, width: u16) -> Self {
        Self { last: self.last.min(self.first.saturating_add(width.max(1) - 1)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_one_part_also_after_cutting() {
        for count in [1, 2, 3, 7] {
            let mut parts = Slice::parts(count);
            let cut = parts.remove(0);
            let half = cut.lower_half().unwrap();
            let rest = cut.behind(half).unwrap();
            let start = rest.at_most(rest.width() / 5);
            parts.extend([half, start, rest.behind(start).unwrap()]);
            for share in 0..SHARES {
                assert_eq!(parts.iter().filter(|part| part.holds(share)).count(), 1, "{share} of {count}");
            }
        }
        let one = Slice { first: 7, last: 7 };
        assert_eq!((one.width(), one.lower_half(), one.at_most(0)), (1, None, one));
    }

    #[test]
    fn parts_hold_about_as_many_keys_each() {
        for count in [2, 4] {
            for part in Slice::parts(count) {
                let held =
                    (0..10_000).filter(|number| part.holds(share("default", &format!("fam-{number}"))));
                let (held, fair) = (held.count(), 10_000 / usize::from(count));
                assert!(held > fair * 9 / 10 && held < fair * 11 / 10, "{held} of {fair}");
            }
        }
    }
}
