//! Facts that come from outside, line by line: read, sent as commands under keys that are made of the foreign ids, and what
//! cannot be taken kept for somebody to look at.
//!
//! An [`Importing`] is one batch on its way. Lines of one stream are sent in their order, those of others beside them
//! ([`lanes`]); so many bytes are under way at once and no more, so whoever reads the batch is held up by how fast commands
//! are taken. Nothing here knows where the lines come from.

mod builder;
mod error;
mod importer;
mod importing;
mod keeper;
mod lanes;
mod sending;
mod summary;
mod triage;

pub(crate) use builder::AddedImport;
pub use error::ImportError;
pub(crate) use importer::Importer;
pub use importing::{ImportRequest, Importing};
pub use summary::{ImportSummary, LeftLine};
pub use triage::{ImportStatus, LineStatus, LinesStatus, Looked};
