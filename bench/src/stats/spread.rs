use serde::Serialize;

/// The median of some runs, with the least and the most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// The one in the middle; of an even number, the lower of the two.
    pub(crate) median: f64,
    /// The least.
    pub(crate) min: f64,
    /// The most.
    pub(crate) max: f64,
}

impl Spread {
    /// The spread of `values`; none where there are none.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let middle = values.len().checked_sub(1)? / 2;
        Some(Self { median: values[middle], min: *values.first()?, max: *values.last()? })
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn one_bad_run_does_not_move_the_median() {
        let spread = Spread::of(vec![100.0, 3.0, 101.0]).unwrap();
        assert_eq!((spread.median, spread.min, spread.max), (100.0, 3.0, 101.0));
        assert_eq!(Spread::of(Vec::new()), None);
        assert_eq!(Spread::of(vec![7.0]).unwrap().median, 7.0);
    }
}
