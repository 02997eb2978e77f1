//! Decimals as PostgreSQL sends them: groups of four digits, with the scale that they were written with.
//!
//! The form is that of `numeric_send` in PostgreSQL's `numeric.c`.

use bytes::{BufMut, BytesMut};
use watershed_core::Decimal;

const BASE: u128 = 10_000;
const NEGATIVE: u16 = 0x4000;
/// What is no number, and what is beyond all.
const SPECIAL: u16 = 0xC000;

/// Writes a decimal.
pub(crate) fn write(number: Decimal, out: &mut BytesMut) {
    let (units, scale) = number.to_parts();
    // Digits after the point come in whole groups.
    let mut rest = units.unsigned_abs() * 10_u128.pow((4 - scale % 4) % 4);
    let mut digits: Vec<u16> = Vec::with_capacity(9);
    while rest > 0 {
        // invariant: below 10,000
        digits.push(u16::try_from(rest % BASE).unwrap_or(0));
        rest /= BASE;
    }
    let groups_after_point = i32::try_from(scale.div_ceil(4)).unwrap_or(0);
    let weight = i32::try_from(digits.len()).unwrap_or(0) - groups_after_point - 1;
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = &digits[zeros..];
    out.put_u16(u16::try_from(digits.len()).unwrap_or(0));
    out.put_i16(if digits.is_empty() { 0 } else { i16::try_from(weight).unwrap_or(0) });
    out.put_u16(if units < 0 { NEGATIVE } else { 0 });
    out.put_u16(u16::try_from(scale).unwrap_or(0));
    digits.iter().rev().for_each(|digit| out.put_u16(*digit));
}

/// What was sent: a decimal, or the text of a number that none can hold.
pub(crate) fn read(raw: &[u8]) -> Option<Result<Decimal, String>> {
    let word = |at: usize| Some(u16::from_be_bytes(raw.get(at * 2..at * 2 + 2)?.try_into().ok()?));
    let (count, sign, scale) = (usize::from(word(0)?), word(2)?, u32::from(word(3)?));
    let weight = i32::from(word(1)?.cast_signed());
    if sign & SPECIAL == SPECIAL {
        return Some(Err("NaN".to_owned()));
    }
    let digits: Option<Vec<u16>> = (0..count).map(|at| word(4 + at)).collect();
    let digits = digits?;
    let exact = || {
        let mut units: i128 = 0;
        for digit in &digits {
            units = units.checked_mul(10_000)?.checked_add(i128::from(*digit))?;
        }
        // The last group counts ten thousand to this power.
        let last = 4 * (weight - i32::try_from(count).ok()? + 1);
        let shift = last + i32::try_from(scale).ok()?;
        let power = 10_i128.checked_pow(shift.unsigned_abs())?;
        let units = if shift >= 0 { units.checked_mul(power)? } else { units / power };
        Decimal::from_parts(if sign == NEGATIVE { -units } else { units }, scale)
    };
    if digits.is_empty() {
        return Some(Decimal::from_parts(0, scale.min(28)).ok_or_else(|| "0".to_owned()));
    }
    Some(exact().map_or_else(
        || {
            let text = |scale| text(&digits, weight, sign == NEGATIVE, scale);
            // What a view has worked out may have more digits than a decimal: the last ones are cut.
            let cut = (0..=scale.min(28)).rev().find_map(|scale| text(scale).parse::<Decimal>().ok());
            cut.ok_or_else(|| text(scale))
        },
        Ok,
    ))
}

/// The number in digits: for those with more of them than a decimal has.
fn text(digits: &[u16], weight: i32, negative: bool, scale: u32) -> String {
    let mut text = String::from(if negative { "-" } else { "" });
    let digit = |place: i32| usize::try_from(place).ok().and_then(|place| digits.get(place)).copied();
    for place in 0..=weight.max(0) {
        let digit = if weight < 0 { 0 } else { digit(place).unwrap_or(0) };
        text.push_str(&if place == 0 { digit.to_string() } else { format!("{digit:04}") });
    }
    if scale > 0 {
        text.push('.');
        let groups = scale.div_ceil(4);
        let mut after = String::new();
        for group in 1..=i32::try_from(groups).unwrap_or(0) {
            after.push_str(&format!("{:04}", digit(weight + group).unwrap_or(0)));
        }
        text.push_str(&after[..usize::try_from(scale).unwrap_or(0).min(after.len())]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(text: &str) -> String {
        let number: Decimal = text.parse().unwrap();
        let mut bytes = BytesMut::new();
        write(number, &mut bytes);
        read(&bytes).unwrap().unwrap().to_string()
    }

    #[test]
    fn decimals_come_back_with_every_digit_and_their_zeros() {
        for text in [
            "0",
            "0.00",
            "1",
            "-1",
            "10",
            "9999",
            "10000",
            "10001",
            "100000000",
            "0.1",
            "0.0001",
            "0.00001",
            "-10.5",
            "9.50",
            "12345.67890",
            "0.0000000000000000000000000001",
            "79228162514264337593543950335",
            "-79228162514264337593543950335",
            "9007199254740993.01",
        ] {
            assert_eq!(back(text), text);
        }
    }

    #[test]
    fn more_digits_than_a_decimal_has_are_cut_or_told_as_text() {
        // 1/3 to 40 digits: ten groups behind the point.
        let mut third = vec![0, 10, 0xFF, 0xFF, 0, 0, 0, 40];
        third.extend([0x0D, 0x05].repeat(10));
        let read_third = read(&third).unwrap().unwrap().to_string();
        assert_eq!(read_third, format!("0.{}", "3".repeat(28)));
        // Ten to the power of 40.
        let huge = [0, 1, 0, 10, 0, 0, 0, 0, 0, 1];
        assert_eq!(read(&huge).unwrap(), Err(format!("1{}", "0".repeat(40))));
        assert_eq!(read(&[0, 0, 0, 0, 0xC0, 0, 0, 0]).unwrap(), Err("NaN".to_owned()));
        assert_eq!(read(&[0, 2, 0, 0]), None, "cut off");
    }
}
