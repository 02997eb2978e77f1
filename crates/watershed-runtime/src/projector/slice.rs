use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

/// A part of the keys: those whose hash lies from `from` up to `until` (and at the end of all, `until` too).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    from: u64,
    last: u64,
}

impl Slice {
    /// All keys.
    pub(crate) const ALL: Self = Self { from: 0, last: u64::MAX };

    /// `count` slices that together are all keys.
    pub(crate) fn parts(count: u64) -> Vec<Self> {
        let width = u64::MAX / count.max(1);
        (0..count.max(1))
            .map(|part| Self {
                from: part * width + u64::from(part > 0),
                last: if part + 1 >= count { u64::MAX } else { (part + 1) * width },
            })
            .collect()
    }

    /// Whether the key is in the slice.
    pub(crate) fn holds(self, tenant: &str, key: &str) -> bool {
        self == Self::ALL || (self.from..=self.last).contains(&hash(tenant, key))
    }

    /// The two halves; `None` for a slice of one hash.
    pub(crate) fn halves(self) -> Option<(Self, Self)> {
        let middle = self.from + (self.last - self.from) / 2;
        (self.from < self.last)
            .then_some((Self { from: self.from, last: middle }, Self { from: middle + 1, last: self.last }))
    }
}

/// The place of a key among the slices. Not stored anywhere: it may change between programs.
fn hash(tenant: &str, key: &str) -> u64 {
    let mut hasher = FxHasher::default();
    tenant.hash(&mut hasher);
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_one_part_also_after_halving() {
        for count in [1, 2, 3, 7] {
            let mut parts = Slice::parts(count);
            let (left, right) = parts.remove(0).halves().unwrap();
            parts.extend([left, right]);
            for number in 0..2_000 {
                let key = format!("key-{number}");
                assert_eq!(
                    parts.iter().filter(|part| part.holds("default", &key)).count(),
                    1,
                    "{key} of {count}"
                );
            }
        }
    }
}
