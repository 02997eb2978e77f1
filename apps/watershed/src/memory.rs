use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What the demo remembers between starts, in a file beside the data.
///
/// Only so that a finished year is not sent again: losing it costs time, not truth, since every command has its key.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// How many families the year has.
    pub(crate) families: Option<u32>,
    /// How many steps have been sent and answered, up to the end of a month.
    pub(crate) played: usize,
    /// Whether that was all of them.
    pub(crate) finished: bool,
    /// The weeks of parcels.
    #[serde(default)]
    pub(crate) weeks: Weeks,
    /// The season of the catalog.
    #[serde(default)]
    pub(crate) season: Season,
    #[serde(skip)]
    file: PathBuf,
}

/// What the demo remembers of the weeks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Weeks {
    /// How many posts have been sent and answered.
    pub(crate) played: usize,
    /// Whether that was all of them.
    pub(crate) finished: bool,
}

/// What the demo remembers of the season.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Season {
    /// How many rounds have been sent and answered.
    pub(crate) played: usize,
    /// Whether that was all of them.
    pub(crate) finished: bool,
}

impl Memory {
    /// What is remembered in the data folder.
    pub(crate) fn of(data: &Path) -> Result<Self, String> {
        let file = data.join("demo.json");
        let memory = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| format!("{}: {error}. Remove the file to play again", file.display()))?,
            Err(_) => Self::default(),
        };
        Ok(Self { file, ..memory })
    }

    /// Writes it down.
    pub(crate) fn keep(&self) -> Result<(), String> {
        let text = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        std::fs::write(&self.file, text).map_err(|error| format!("{}: {error}", self.file.display()))
    }
}
