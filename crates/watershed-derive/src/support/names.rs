use quote::ToTokens;
use syn::LitStr;

use super::Errors;

/// `PaymentReceived` as `payment-received`.
pub(crate) fn kebab(name: &str) -> String {
    split(name, '-')
}

/// `PaymentReceived` as `payment_received`.
pub(crate) fn snake(name: &str) -> String {
    split(name, '_')
}

/// A word starts at a capital after a small letter or digit, and at the last of several capitals
/// where a small letter follows: `SKURegistered` is two words.
fn split(name: &str, separator: char) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (place, &letter) in letters.iter().enumerate() {
        if letter == '_' {
            if !out.is_empty() && !out.ends_with(separator) {
                out.push(separator);
            }
            continue;
        }
        let before = place.checked_sub(1).map(|before| letters[before]);
        let follows_small = before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit());
        let ends_capitals = before.is_some_and(char::is_uppercase)
            && letters.get(place + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (follows_small || ends_capitals) && !out.ends_with(separator) {
            out.push(separator);
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// A name that stands in the log, in URLs and in brokers' headers: `coop.family`.
pub(crate) fn check_log_name(text: &LitStr, errors: &mut Errors) {
    let name = text.value();
    let fits =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-".contains(letter);
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    if name.is_empty() || dots || !name.chars().all(fits) {
        errors.say(text, "write small letters, digits, `-`, `_`, and `.` between parts, as in `coop.family`");
    }
}

/// A name that is a table's and stands in URLs: `at_risk_families`.
pub(crate) fn check_table_name(name: &str, place: impl ToTokens, errors: &mut Errors) {
    let starts = name.chars().next().is_some_and(|letter| letter.is_ascii_lowercase());
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if !starts || !name.chars().all(fits) {
        errors.say(place, "write small letters, digits and `_`, a letter first, as in `at_risk_families`");
    }
}

#[cfg(test)]
mod tests {
    use super::{kebab, snake};

    #[test]
    fn names_are_split_where_a_reader_would() {
        assert_eq!(kebab("Enrolled"), "enrolled");
        assert_eq!(kebab("PaymentReceived"), "payment-received");
        assert_eq!(kebab("SKURegistered"), "sku-registered");
        assert_eq!(kebab("RegisteredSKU"), "registered-sku");
        assert_eq!(kebab("V2Added"), "v2-added");
        assert_eq!(kebab("Odd_Name"), "odd-name");
        assert_eq!(snake("BankTransfer"), "bank_transfer");
        assert_eq!(snake("A"), "a");
    }
}
