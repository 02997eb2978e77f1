use super::Row;

/// A row type that takes the place of an earlier version's, under the same name.
///
/// As long as the earlier version serves, its rows are shown as this type, so that whoever asks sees one shape before and
/// after the cutover. And both are compared before it, column by column, as far as both have them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how it replaces `{Old}`",
    note = "write `impl Replaces<{Old}> for {Self}` with `fn from_earlier(old: {Old}) -> Self`"
)]
pub trait Replaces<Old: Row>: Row {
    /// Stored columns whose contents are meant to be others than before.
    const DIFFERS: &'static [&'static str] = &[];

    /// What a row of the earlier version is shown as.
    fn from_earlier(old: Old) -> Self;

    /// Whether these two rows of one key, which differ, are meant to.
    #[must_use]
    fn is_expected(old: &Old, new: &Self) -> bool {
        let _ = (old, new);
        false
    }
}
