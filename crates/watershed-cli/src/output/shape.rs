//! Values as people read them.

use serde_json::Value;

/// The field's text; numbers as they are, and nothing where there is none.
pub(crate) fn text(row: &Value, field: &str) -> String {
    match &row[field] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The field's number with its thousands parted: `12,345`.
pub(crate) fn grouped(row: &Value, field: &str) -> String {
    row[field].as_u64().map_or_else(String::new, thousands)
}

/// A number with its thousands parted: `12,345`.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The field's milliseconds, in the unit that suits them.
pub(crate) fn millis(row: &Value, field: &str) -> String {
    match row[field].as_u64() {
        None => String::new(),
        Some(millis @ ..1_000) => format!("{millis} ms"),
        Some(millis @ ..60_000) => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        Some(millis @ ..3_600_000) => format!("{} min", millis / 60_000),
        Some(millis) => format!("{} h", millis / 3_600_000),
    }
}

/// The field's time without the fractions that nobody reads.
pub(crate) fn ago(row: &Value, field: &str) -> String {
    let time = text(row, field);
    match time.split_once('.') {
        Some((seconds, _)) => seconds.replace('T', " "),
        None => time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_shown_as_people_read_them() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        let row = serde_json::json!({ "a": 12, "b": 2_345, "c": 61_000, "t": "2024-09-01T08:30:00.123456Z" });
        assert_eq!(
            (millis(&row, "a"), millis(&row, "b"), millis(&row, "c")),
            ("12 ms".into(), "2.3 s".into(), "1 min".into())
        );
        assert_eq!(ago(&row, "t"), "2024-09-01 08:30:00");
        assert_eq!((millis(&row, "none"), grouped(&row, "none"), text(&row, "none")), Default::default());
    }
}
