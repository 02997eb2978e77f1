use std::fmt;

use serde::Serialize;

/// One number that a case measures, and what it should be.
#[derive(Debug)]
pub(crate) struct Line {
    /// What is measured: `rate`, `p99`.
    pub(crate) name: &'static str,
    /// In what.
    pub(crate) unit: Unit,
    target: Target,
    splendid: Option<f64>,
}

impl Line {
    /// A number that is only told.
    pub(crate) const fn told(name: &'static str, unit: Unit) -> Self {
        Self { name, unit, target: Target::None, splendid: None }
    }

    const fn wanted(self, target: Target) -> Self {
        Self { target, ..self }
    }

    /// It should be at least so much.
    pub(crate) const fn at_least(self, wanted: f64) -> Self {
        self.wanted(Target::AtLeast(wanted))
    }

    /// It should be at most so much.
    pub(crate) const fn at_most(self, wanted: f64) -> Self {
        self.wanted(Target::AtMost(wanted))
    }

    /// It should be at least so many times the baseline.
    pub(crate) const fn times_at_least(self, wanted: f64) -> Self {
        self.wanted(Target::TimesAtLeast(wanted))
    }

    /// It should be at most so many times the baseline.
    pub(crate) const fn times_at_most(self, wanted: f64) -> Self {
        self.wanted(Target::TimesAtMost(wanted))
    }

    /// So much would be splendid.
    pub(crate) const fn splendid(self, splendid: f64) -> Self {
        Self { splendid: Some(splendid), ..self }
    }

    /// How a value, or where the target is about that, its ratio to the baseline, stands to the target.
    pub(crate) fn judge(&self, value: f64, ratio: Option<f64>) -> Verdict {
        self.target.judge(value, ratio)
    }

    /// The target in words; empty where there is none.
    pub(crate) fn words(&self) -> String {
        let (sign, wanted, times) = match self.target {
            Target::None => return String::new(),
            Target::AtLeast(wanted) => ("≥", wanted, false),
            Target::AtMost(wanted) => ("≤", wanted, false),
            Target::TimesAtLeast(wanted) => ("≥", wanted, true),
            Target::TimesAtMost(wanted) => ("≤", wanted, true),
        };
        let amount = |amount: f64| if times { format!("{amount}x") } else { number(amount, self.unit) };
        let splendid = self.splendid.map(|splendid| format!(", splendid {}", amount(splendid)));
        format!("{sign} {}{}", amount(wanted), splendid.unwrap_or_default())
    }
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    /// Of something, per second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// Microseconds.
    #[serde(rename = "us")]
    Micros,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Millis,
    /// 2^20 bytes.
    #[serde(rename = "MiB")]
    Mebibytes,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PerSecond => "/s",
            Self::Micros => "µs",
            Self::Millis => "ms",
            Self::Mebibytes => "MiB",
        })
    }
}

/// What a number should be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Target {
    /// It is only told.
    None,
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
    /// At least so many times the baseline.
    TimesAtLeast(f64),
    /// At most so many times the baseline.
    TimesAtMost(f64),
}

/// How a number stands to its target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// There is no target.
    None,
    /// Met.
    Met,
    /// Missed by this share of the target: 0.25 where a quarter is lacking, or is too much.
    Missed(f64),
}

impl Target {
    fn judge(self, value: f64, ratio: Option<f64>) -> Verdict {
        let (got, wanted, more_is_better) = match self {
            Self::None => return Verdict::None,
            Self::AtLeast(wanted) => (value, wanted, true),
            Self::AtMost(wanted) => (value, wanted, false),
            // Without its baseline the number says nothing: that is not a target met.
            Self::TimesAtLeast(wanted) => (ratio.unwrap_or(0.0), wanted, true),
            Self::TimesAtMost(wanted) => (ratio.unwrap_or(f64::INFINITY), wanted, false),
        };
        let missing = if more_is_better { wanted - got } else { got - wanted };
        if missing <= 0.0 { Verdict::Met } else { Verdict::Missed(missing / wanted) }
    }
}

/// A value in its unit, as people read it: three digits that count, thousands apart.
pub(crate) fn number(value: f64, unit: Unit) -> String {
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut apart = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    if !fraction.is_empty() {
        apart.push('.');
        apart.push_str(fraction);
    }
    let space = if unit == Unit::PerSecond { "" } else { " " };
    format!("{apart}{space}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_baseline_does_not_meet_a_target_about_it() {
        assert!(matches!(Target::TimesAtLeast(0.4).judge(1e9, None), Verdict::Missed(_)));
        assert!(matches!(Target::TimesAtMost(1.7).judge(0.0, None), Verdict::Missed(_)));
    }

    #[test]
    fn a_miss_says_by_how_much() {
        assert_eq!(Target::AtLeast(200.0).judge(150.0, None), Verdict::Missed(0.25));
        assert_eq!(Target::AtMost(2.0).judge(3.0, None), Verdict::Missed(0.5));
        assert_eq!(Target::TimesAtMost(2.0).judge(0.0, Some(3.0)), Verdict::Missed(0.5));
        assert_eq!(Target::AtMost(2.0).judge(2.0, None), Verdict::Met);
        assert_eq!(Target::None.judge(2.0, None), Verdict::None);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(1_234_567.8, Unit::PerSecond), "1,234,568/s");
        assert_eq!(number(123.4, Unit::Micros), "123 µs");
        assert_eq!(number(1.234, Unit::Millis), "1.23 ms");
        assert_eq!(number(12.34, Unit::Millis), "12.3 ms");
    }
}
