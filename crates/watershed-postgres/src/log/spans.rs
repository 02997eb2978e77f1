//! Lists of several values each, as a statement takes them: all values in one array, and which of them are whose.

/// Lists, one behind the other.
pub(super) struct Spans<T> {
    pub(super) all: Vec<T>,
    /// Of each list: its first value and its last one, counted from 1.
    pub(super) firsts: Vec<i32>,
    pub(super) lasts: Vec<i32>,
}

impl<T> Default for Spans<T> {
    fn default() -> Self {
        Self { all: Vec::new(), firsts: Vec::new(), lasts: Vec::new() }
    }
}

impl<T> Spans<T> {
    pub(super) fn add(&mut self, list: impl IntoIterator<Item = T>) {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        self.firsts.push(count(self.all.len() + 1));
        self.all.extend(list);
        self.lasts.push(count(self.all.len()));
    }
}

impl<T, L: IntoIterator<Item = T>> FromIterator<L> for Spans<T> {
    fn from_iter<I: IntoIterator<Item = L>>(lists: I) -> Self {
        let mut spans = Self::default();
        lists.into_iter().for_each(|list| spans.add(list));
        spans
    }
}
