use std::fmt::Write;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// A bar for people on a terminal; nothing for anybody else.
#[derive(Debug, Clone)]
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar with this word before it.
    pub(crate) fn new(word: &'static str, shown: bool) -> Self {
        if !shown || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let template = "{prefix} {bar:32} {human_pos}/{human_len}  {rate}  {msg}";
        // invariant: the template is well formed; the plain one is as good.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let style = style.progress_chars("━╸ ").with_key("rate", rate);
        let bar = ProgressBar::new(0).with_prefix(word).with_style(style);
        Self(bar)
    }

    /// So much is done, of so much.
    pub fn set(&self, done: u64, total: u64) {
        self.0.set_length(total.max(done));
        self.0.set_position(done);
    }

    /// So much more is done.
    pub fn add(&self, more: u64) {
        self.0.inc(more);
    }

    /// Says something beside the bar.
    pub fn say(&self, words: impl Into<String>) {
        self.0.set_message(words.into());
    }

    /// Takes the bar away.
    pub fn finish(self) {
        self.0.finish_and_clear();
    }
}

/// The rate without the fractions that nobody reads.
fn rate(state: &ProgressState, line: &mut dyn Write) {
    // What cannot be drawn is not missed.
    let _ = write!(line, "{:.0}/s", state.per_sec());
}
