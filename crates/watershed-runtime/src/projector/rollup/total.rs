//! Sums that are exact whatever is added, and that give back whatever is taken out.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use watershed_core::Decimal;

/// A decimal's smallest unit, as a share of one.
const UNITS: i128 = 10_i128.pow(SCALE);
const SCALE: u32 = 28;

/// A sum of decimals.
///
/// A decimal has 28 digits in all, so a sum of large and small ones has more than one can hold, and would be rounded: what
/// is taken out later would not be what was put in. Here every decimal fits to its last digit, and so do more of them than
/// there can be rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Total {
    /// The largest whole number that is not above the sum.
    whole: i128,
    /// What is left, in [`UNITS`]: none to all but one of them.
    rest: i128,
}

impl Total {
    pub(super) fn add(&mut self, number: Decimal, sign: i64) {
        let (units, scale) = number.to_parts();
        let sign = i128::from(sign.signum());
        if scale == 0 {
            self.whole += sign * units;
            return;
        }
        let one = 10_i128.pow(scale.min(SCALE));
        self.whole += sign * units.div_euclid(one);
        self.rest += sign * units.rem_euclid(one) * (UNITS / one);
        self.carry();
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.whole += other.whole;
        self.rest += other.rest;
        self.carry();
    }

    /// Each number has less than one of rest, so there is one to carry at most, either way.
    fn carry(&mut self) {
        if self.rest >= UNITS {
            self.rest -= UNITS;
            self.whole += 1;
        } else if self.rest < 0 {
            self.rest += UNITS;
            self.whole -= 1;
        }
    }

    /// As a decimal in its one form; rounded half away from zero where it has more digits than a decimal, and the largest or
    /// smallest where it is beyond.
    pub(super) fn to_decimal(self) -> Decimal {
        if self.rest == 0
            && let Some(whole) = Decimal::from_parts(self.whole, 0)
        {
            return whole;
        }
        let (negative, whole, rest) = self.to_magnitude();
        let number = (0..=SCALE).rev().find_map(|scale| {
            let one = 10_i128.pow(SCALE - scale);
            let rest = (rest + one / 2) / one;
            let units = whole.checked_mul(10_i128.pow(scale))?.checked_add(rest)?;
            Decimal::from_parts(units, scale)
        });
        let number = number.unwrap_or(Decimal::MAX).normalized();
        if negative { -number } else { number }
    }

    /// Whether it is below zero, and how far it is from there: wholes and rest.
    fn to_magnitude(self) -> (bool, i128, i128) {
        match (self.whole < 0, self.rest) {
            (false, rest) => (false, self.whole, rest),
            (true, 0) => (true, -self.whole, 0),
            (true, rest) => (true, -self.whole - 1, UNITS - rest),
        }
    }
}

impl From<i64> for Total {
    fn from(number: i64) -> Self {
        Self { whole: number.into(), rest: 0 }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (negative, whole, rest) = self.to_magnitude();
        if negative {
            f.write_str("-")?;
        }
        if rest == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{rest:028}").trim_end_matches('0'))
    }
}

impl Serialize for Total {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.rest, i64::try_from(self.whole)) {
            (0, Ok(whole)) => serializer.serialize_i64(whole),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Total {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Total;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sum")
            }

            fn visit_i64<E: serde::de::Error>(self, whole: i64) -> Result<Total, E> {
                Ok(whole.into())
            }

            fn visit_u64<E: serde::de::Error>(self, whole: u64) -> Result<Total, E> {
                Ok(Total { whole: whole.into(), rest: 0 })
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Total, E> {
                read(text).ok_or_else(|| E::custom(format!("`{text}` is not a sum")))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

fn read(text: &str) -> Option<Total> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: i128 = whole.parse().ok()?;
    let rest: i128 = format!("{rest:0<28}").parse().ok()?;
    let mut total = if negative { Total { whole: -whole, rest: -rest } } else { Total { whole, rest } };
    total.carry();
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(numbers: &[&str]) -> Total {
        let mut total = Total::default();
        for number in numbers {
            total.add(number.parse().unwrap(), 1);
        }
        total
    }

    #[test]
    fn a_large_number_does_not_swallow_a_small_one() {
        let (large, small) = ("79228162514264337593543950335", "0.0000000000000000000000000001");
        let mut both = total(&[large, small, large, "-0.5"]);
        both.add(large.parse().unwrap(), -1);
        both.add(large.parse().unwrap(), -1);
        assert_eq!(both, total(&[small, "-0.5"]));
        assert_eq!(both.to_decimal().to_string(), "-0.4999999999999999999999999999");
    }

    #[test]
    fn it_is_shown_without_zeros_at_its_end_and_rounded_where_it_is_too_long() {
        let shown = |numbers: &[&str]| total(numbers).to_decimal().to_string();
        assert_eq!(shown(&["1.50", "1.50"]), "3");
        assert_eq!(shown(&["-1.25", "-2"]), "-3.25");
        assert_eq!(shown(&["12345678901234567890", "0.0000000005"]), "12345678901234567890.000000001");
        assert_eq!(shown(&["79228162514264337593543950335", "1"]), "79228162514264337593543950335");
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        for numbers in [&["0"][..], &["-0.1"], &["3.25"], &["-7"], &["-7.0000000000000000000000000001"]] {
            let written = serde_json::to_string(&total(numbers)).unwrap();
            assert_eq!(serde_json::from_str::<Total>(&written).unwrap(), total(numbers), "{written}");
        }
    }
}
