//! Holds what the documents show against what is: their code against the files that are compiled, their sessions against a
//! running server.
//!
//! A fence that begins with `file=src/stay.rs` behind its language is a part of that file: a file's parts, in their order,
//! are the file. A fence that names a session (`console garage`) holds commands behind `$ ` and what they print.

mod alike;
mod curl;
mod document;
mod server;

pub use document::{Document, Step};
pub use server::Session;
