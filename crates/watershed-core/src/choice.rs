//! Closed sets of words.

/// A word that is none of a choice's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is none of {}", self.words.join(", "))]
pub struct ParseChoiceError {
    word: String,
    words: &'static [&'static str],
}

impl ParseChoiceError {
    /// `word` is none of `words`. For the derive.
    #[must_use]
    pub fn new(word: &str, words: &'static [&'static str]) -> Self {
        Self { word: word.chars().take(60).collect(), words }
    }

    /// The words that there are.
    #[must_use]
    pub fn words(&self) -> &'static [&'static str] {
        self.words
    }
}
