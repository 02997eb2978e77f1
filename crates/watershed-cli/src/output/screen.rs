use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use super::table::{Column, table};

/// Where a command's answer goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    /// Whether a person looks on.
    pub(crate) terminal: bool,
}

impl Screen {
    /// The standard output, as it is; JSON is also for people who ask for it.
    pub(crate) fn new(json: bool) -> Self {
        Self { terminal: !json && io::stdout().is_terminal() }
    }

    /// Shows rows: as a table, or as JSON, one a line.
    pub(crate) fn rows(self, rows: &[Value], columns: &[Column]) -> io::Result<()> {
        self.table(rows, columns, usize::MAX)
    }

    /// The same with each row on one line, cut where it is too long.
    pub(crate) fn lines(self, rows: &[Value], columns: &[Column]) -> io::Result<()> {
        self.table(rows, columns, 1)
    }

    fn table(self, rows: &[Value], columns: &[Column], height: usize) -> io::Result<()> {
        if self.terminal {
            self.line(&table(rows, columns, height))
        } else {
            rows.iter().try_for_each(|row| self.json(row))
        }
    }

    /// Shows what was done: as words, or as the API's own answer.
    pub(crate) fn done(self, words: &str, answer: &Value) -> io::Result<()> {
        if self.terminal { self.line(words) } else { self.json(answer) }
    }

    /// Shows JSON on a line of its own.
    pub(crate) fn json(self, value: &Value) -> io::Result<()> {
        self.line(&value.to_string())
    }

    /// Shows words to people; programs do without.
    pub(crate) fn note(self, words: &str) -> io::Result<()> {
        if self.terminal { self.line(words) } else { Ok(()) }
    }

    /// Shows a line.
    pub(crate) fn line(self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }
}
