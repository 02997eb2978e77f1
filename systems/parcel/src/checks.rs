//! What a text must be like, whoever it is about.

/// The longest id, name, city or reason, in characters.
pub(crate) const TEXT: usize = 200;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Missing { field: &'static str },
    TooLong { field: &'static str },
}

/// A text that may not be blank, nor longer than [`TEXT`].
pub(crate) fn required(field: &'static str, text: &str) -> Result<(), Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::Missing { field });
    }
    // Bytes first: a text that is short in bytes needs no counting.
    if text.len() > TEXT && text.chars().count() > TEXT {
        return Err(Wrong::TooLong { field });
    }
    Ok(())
}

/// A text that may be left out, but where it is there may be neither blank nor too long.
pub(crate) fn optional(field: &'static str, text: Option<&str>) -> Result<(), Wrong> {
    text.map_or(Ok(()), |text| required(field, text))
}
