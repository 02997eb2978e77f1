use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use watershed_core::Token;

/// How many lines that were not taken are told one by one, of each kind.
const TOLD: usize = 100;

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImportSummary {
    /// Lines that were looked at: all but the blank ones.
    pub lines: u64,
    /// Lines that were taken.
    pub taken: u64,
    /// Lines that had been taken before, in this batch or another one.
    pub already_taken: u64,
    /// Lines that the domain refused. All of them are kept.
    pub refused_lines: u64,
    /// Lines that are not what they should be. All of them are kept.
    pub malformed_lines: u64,
    /// The first hundred refused lines.
    pub refused: Vec<LeftLine>,
    /// The first hundred malformed lines.
    pub malformed: Vec<LeftLine>,
    /// Ask with this token to see everything that was taken.
    pub token: Token,
}

/// A line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftLine {
    /// Its number, from 1.
    pub line: u64,
    /// Why it was not taken: a stable code.
    pub code: String,
    /// Why it was not taken, in words.
    pub reason: String,
    /// The number that it is kept under.
    pub kept: u64,
}

/// The lines of one kind that were not taken: all are counted, the first ones told.
#[derive(Debug, Default)]
pub(super) struct Left {
    pub(super) count: u64,
    first: BTreeMap<u64, LeftLine>,
}

impl Left {
    pub(super) fn add(&mut self, line: LeftLine) {
        self.count += 1;
        // They come in the order in which they were answered.
        self.first.insert(line.line, line);
        if self.first.len() > TOLD {
            self.first.pop_last();
        }
    }

    pub(super) fn told(self) -> Vec<LeftLine> {
        self.first.into_values().collect()
    }
}
