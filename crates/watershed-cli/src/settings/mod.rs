//! Settings: file, then environment, then command line.

mod layers;
mod sections;
mod store;

pub(crate) use store::Rows;

pub(crate) use layers::SettingsError;
pub(crate) use sections::{LogFormat, Settings};
