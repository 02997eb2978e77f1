//! Exact decimal numbers.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};
use std::str::FromStr;

/// An exact decimal number of up to 28 digits. A string in JSON (`"12.50"`), so that no reader rounds it.
///
/// Sums that leave the range saturate rather than wrap: a domain refuses amounts long before that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(rust_decimal::Decimal);

/// A text that is not a decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number (write \"12.50\")")]
pub struct ParseDecimalError(String);

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);
    /// The largest number there is.
    pub const MAX: Self = Self(rust_decimal::Decimal::MAX);

    /// `units` divided by ten to the power of `scale`: `Decimal::new(1250, 2)` is 12.50. The scale is held to 28.
    #[must_use]
    pub fn new(units: i64, scale: u32) -> Self {
        Self(rust_decimal::Decimal::new(units, scale.min(28)))
    }

    /// This number divided by `divisor`, rounded half away from zero to `scale` digits; `None` where `divisor` is zero.
    #[must_use]
    pub fn divided_by(self, divisor: Self, scale: u32) -> Option<Self> {
        let quotient = self.0.checked_div(divisor.0)?;
        Some(Self(rounded(quotient, scale)))
    }

    /// This number rounded half away from zero to `scale` digits after the point.
    #[must_use]
    pub fn rounded(self, scale: u32) -> Self {
        Self(rounded(self.0, scale))
    }

    /// The smallest whole number that is not below this one.
    #[must_use]
    pub fn ceiling(self) -> Self {
        Self(self.0.ceil())
    }

    /// Whether the number is above zero.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > rust_decimal::Decimal::ZERO
    }

    /// Whether the number is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The same number without zeros at its end, and zero without a sign: equal numbers are then written alike.
    #[must_use]
    pub fn normalized(self) -> Self {
        Self(self.0.normalize())
    }

    /// The number as units and the power of ten that they are divided by: 12.50 is `(1250, 2)`.
    #[must_use]
    pub fn to_parts(self) -> (i128, u32) {
        (self.0.mantissa(), self.0.scale())
    }

    /// `units` divided by ten to the power of `scale`; `None` where that has more digits than a decimal.
    #[must_use]
    pub fn from_parts(units: i128, scale: u32) -> Option<Self> {
        rust_decimal::Decimal::try_from_i128_with_scale(units, scale).ok().map(Self)
    }

    /// Digits after the point, as written.
    #[must_use]
    pub fn scale(self) -> u32 {
        self.0.scale()
    }

    /// The whole number, or `None` where there is a fraction or it does not fit.
    #[must_use]
    pub fn to_i64(self) -> Option<i64> {
        self.0.fract().is_zero().then(|| self.0.trunc().try_into().ok()).flatten()
    }
}

fn rounded(number: rust_decimal::Decimal, scale: u32) -> rust_decimal::Decimal {
    number.round_dp_with_strategy(scale, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}

macro_rules! from_whole_numbers {
    ($($type:ty),*) => {$(
        impl From<$type> for Decimal {
            fn from(number: $type) -> Self {
                Self(number.into())
            }
        }
    )*};
}
from_whole_numbers!(i64, i32, i16, i8, u64, u32, u16, u8);

impl Add for Decimal {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Decimal {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul for Decimal {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0.saturating_mul(other.0))
    }
}

impl Neg for Decimal {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Decimal {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Decimal {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        rust_decimal::Decimal::from_str_exact(text)
            .map(Self)
            .map_err(|_| ParseDecimalError(text.chars().take(40).collect()))
    }
}

impl serde::Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Decimal {
    /// Takes a string, or a whole JSON number. A number with a fraction has passed through a float somewhere
    /// and is refused, with a message that says to write a string.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number as a string, such as \"12.50\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Decimal, E> {
                Ok(number.into())
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Decimal, E> {
                Ok(Decimal(number.into()))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl schemars::JsonSchema for Decimal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "decimal", "examples": ["12.50"] })
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn a_float_is_refused_rather_than_rounded() {
        assert!(serde_json::from_str::<Decimal>("12.5").is_err());
        assert_eq!(serde_json::from_str::<Decimal>("12").unwrap(), Decimal::from(12));
        assert_eq!(serde_json::from_str::<Decimal>("\"12.50\"").unwrap().to_string(), "12.50");
    }

    #[test]
    fn equal_numbers_are_written_alike_once_they_are_normalized() {
        let normalized = |text: &str| text.parse::<Decimal>().unwrap().normalized().to_string();
        assert_eq!(["3", "3.0", "3.000"].map(normalized), ["3"; 3]);
        assert_eq!(["-0.0", "100", "0.10"].map(normalized), ["0", "100", "0.1"]);
    }

    #[test]
    fn a_number_is_its_parts() {
        assert_eq!(Decimal::new(1250, 2).to_parts(), (1250, 2));
        assert_eq!(Decimal::from_parts(-1250, 2).unwrap().to_string(), "-12.50");
        assert_eq!(Decimal::from_parts(1 << 96, 0), None);
    }

    #[test]
    fn a_quotient_is_rounded_half_away_from_zero() {
        let third = Decimal::from(10).divided_by(Decimal::from(3), 2).unwrap();
        assert_eq!(third.to_string(), "3.33");
        assert_eq!(Decimal::from(-1).divided_by(Decimal::from(8), 2).unwrap().to_string(), "-0.13");
        assert_eq!(Decimal::from(1).divided_by(Decimal::ZERO, 2), None);
    }
}
