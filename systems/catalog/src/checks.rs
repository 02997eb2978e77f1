//! What a text must be like, whatever it is about.

/// The longest id, name or warehouse, in characters.
pub(crate) const NAME: usize = 200;
/// The longest description, in characters.
pub(crate) const DESCRIPTION: usize = 4_000;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Missing { field: &'static str },
    TooLong { field: &'static str, limit: usize },
    Unprintable { field: &'static str },
}

/// A text that may not be blank, nor longer than `limit` characters.
pub(crate) fn required(field: &'static str, text: &str, limit: usize) -> Result<(), Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::Missing { field });
    }
    // Bytes first: a text that is short in bytes needs no counting.
    if text.len() > limit && text.chars().count() > limit {
        return Err(Wrong::TooLong { field, limit });
    }
    // PostgreSQL keeps no NUL, and nobody sees the others.
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        return Err(Wrong::Unprintable { field });
    }
    Ok(())
}

/// A text that may be left out, but where it is there may be neither blank nor too long.
pub(crate) fn optional(field: &'static str, text: Option<&str>, limit: usize) -> Result<(), Wrong> {
    text.map_or(Ok(()), |text| required(field, text, limit))
}
