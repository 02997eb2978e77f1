//! Settings: file, then environment, then command line.

mod layers;
mod node;
mod sections;
mod store;

pub(crate) use layers::SettingsError;
pub(crate) use node::Role;
pub(crate) use sections::{LogFormat, Settings};
pub(crate) use store::Rows;
