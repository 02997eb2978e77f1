use serde::{Deserialize, Serialize};
use watershed_core::{Position, Timestamp};

/// What an edition is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EditionState {
    /// The program has a version of which there are no rows yet.
    Declared,
    /// It is being filled from the log, or has been and is kept up.
    Backfilling,
    /// It is kept up with the log. Never written down: it shows in how far the edition has come.
    CaughtUp,
    /// It has been held against what serves, and is the same but for what was expected.
    Verified,
    /// It answers.
    Serving,
    /// It has served, is kept up, and can serve again.
    Reversible,
    /// It is of no use any more, and is removed.
    Retired,
}

impl EditionState {
    /// Whether there are rows of it that somebody keeps up with the log.
    pub(crate) fn is_kept(self) -> bool {
        !matches!(self, Self::Declared | Self::Retired)
    }

    /// The state's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Backfilling => "backfilling",
            Self::CaughtUp => "caught-up",
            Self::Verified => "verified",
            Self::Serving => "serving",
            Self::Reversible => "reversible",
            Self::Retired => "retired",
        }
    }
}

/// Whether a group of read models is in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Flag {
    /// It is not folded, and does not answer.
    Off,
    /// It is folded, and does not answer.
    Shadow,
    /// It is folded, and answers.
    #[default]
    Serving,
}

impl Flag {
    /// The flag's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
            Self::Serving => "serving",
        }
    }
}

/// A verification that was passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Passed {
    pub(crate) at: Timestamp,
    pub(crate) position: Position,
    /// How many rows were compared.
    pub(crate) rows: u64,
    /// How many of them differ as was expected.
    pub(crate) expected: u64,
}

/// What the ledger says of one edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EditionRecord {
    pub(crate) number: u32,
    /// Of its fold: [`crate::projector::GroupDefinition::version`].
    pub(crate) version: String,
    pub(crate) state: EditionState,
    pub(crate) since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) passed: Option<Passed>,
    /// It is to serve as soon as it has caught up, in place of one of the same version.
    #[serde(default)]
    pub(crate) rebuild: bool,
    /// At most so many events a second are folded into it while it is filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rate: Option<u64>,
}

impl EditionRecord {
    pub(crate) fn new(number: u32, version: &str, state: EditionState, since: Timestamp) -> Self {
        Self { number, version: version.to_owned(), state, since, passed: None, rebuild: false, rate: None }
    }

    pub(crate) fn enter(&mut self, state: EditionState, now: Timestamp) {
        self.state = state;
        self.since = now;
        if state != EditionState::Verified {
            self.passed = None;
        }
    }
}

/// What the ledger says of a group. Written whole, so that a cutover is one step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The highest number that an edition has had.
    pub(crate) last: u32,
    #[serde(default)]
    pub(crate) flag: Flag,
    /// How many workers fold the group, where operators have said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) workers: Option<u16>,
    pub(crate) editions: Vec<EditionRecord>,
}

impl Record {
    /// The edition that serves.
    pub(crate) fn serving(&self) -> Option<&EditionRecord> {
        self.editions.iter().find(|edition| edition.state == EditionState::Serving)
    }

    pub(crate) fn edition(&self, number: u32) -> Option<&EditionRecord> {
        self.editions.iter().find(|edition| edition.number == number)
    }

    pub(crate) fn edition_mut(&mut self, number: u32) -> Option<&mut EditionRecord> {
        self.editions.iter_mut().find(|edition| edition.number == number)
    }

    /// A new edition, and its number.
    pub(crate) fn add(&mut self, version: &str, state: EditionState, now: Timestamp) -> u32 {
        self.last += 1;
        self.editions.push(EditionRecord::new(self.last, version, state, now));
        self.last
    }
}
