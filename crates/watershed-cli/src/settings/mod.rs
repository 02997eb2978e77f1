//! Settings: file, then environment, then command line.

mod layers;
mod sections;

pub(crate) use layers::SettingsError;
pub(crate) use sections::{LogFormat, Settings};
