//! What the derives make of a small domain: names, tags, fingerprints, words, columns, contracts, contributions.

mod choice;
mod command;
mod domain;
mod event;
mod query;
mod read_model;
mod refusal;
mod rollup;
