//! What the derives make of a small domain: names, tags, fingerprints, words, columns, contracts, contributions.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod choice;
mod command;
mod domain;
mod event;
mod query;
mod read_model;
mod refusal;
mod rollup;
