/// What a column of a rollup is made of.
///
/// All of them are exact, and all of them can take a row's input back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Part of the group.
    Group,
    /// How many rows give [`Input::Yes`](super::Input::Yes).
    Count,
    /// The sum of their numbers.
    Sum,
    /// The mean of their numbers, rounded half away from zero to so many digits; empty where there are none.
    Avg {
        /// Digits after the point.
        scale: u32,
    },
    /// The smallest of their values; empty where there are none.
    Min,
    /// The largest of their values; empty where there are none.
    Max,
    /// The smallest value such that this share of the values is not above it (nearest rank); empty where there are none.
    Quantile {
        /// From 0 to 1.
        share: f64,
    },
    /// How many different values they give.
    Distinct,
    /// The values that occur most often, or that have the largest sums of weights, with those totals: a JSON array of
    /// [`Top`](super::Top), the largest total first; of equal totals, the smallest value first.
    Top {
        /// So many at most.
        most: u32,
    },
    /// How many rows give each word, as a JSON object.
    CountBy,
    /// The sum of the numbers that rows give with each word, as a JSON object.
    SumBy,
}

impl Measure {
    /// Whether the measure rests on how often each value occurs, rather than on a number or two.
    #[must_use]
    pub fn counts_values(self) -> bool {
        matches!(self, Self::Min | Self::Max | Self::Quantile { .. } | Self::Distinct | Self::Top { .. })
    }
}
