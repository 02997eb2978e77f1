//! Chance that is the same in every run.

/// Numbers that look thrown but follow from a seed. Source of the algorithm: Steele, Lea and Flood, "Fast Splittable
/// Pseudorandom Number Generators" (2014), SplitMix64.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice for one purpose: other parts, other throws.
    pub(super) fn of(parts: [u64; 3]) -> Self {
        let seed = parts.into_iter().fold(0, |mixed, part| mix(mixed ^ part));
        Self(seed)
    }

    /// Any number.
    pub(super) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let sides = high.abs_diff(low) + 1;
        low.saturating_add_unsigned(self.throw() % sides)
    }

    /// True `permille` times in a thousand.
    pub(super) fn chance(&mut self, permille: i64) -> bool {
        self.between(0, 999) < permille
    }

    /// One of `words`, of which there must be some.
    pub(super) fn pick<T: Copy>(&mut self, words: &[T]) -> T {
        let place = self.throw() % words.len() as u64;
        // invariant: below the length, which is a usize
        words[place as usize]
    }
}

fn mix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
