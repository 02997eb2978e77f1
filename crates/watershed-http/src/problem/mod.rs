//! What a caller gets instead of an answer: RFC 9457 problem documents, from one table of kinds.

mod asking;
mod document;
mod importing;
mod kinds;
mod operating;
mod sending;

pub(crate) use document::Problem;
pub(crate) use kinds::*;
pub use kinds::{ALL, ProblemKind};

#[cfg(test)]
mod tests;
