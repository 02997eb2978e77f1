use serde::Serialize;
use watershed_core::Position;

/// What a store tells auditors and operators about its log, beside the events. Whoever opened the store offers it to the server.
pub trait Audit: Send + Sync + 'static {
    /// Checks every event and every link of the log up to its present head. Calls `progress` now and then with the position
    /// that it has come to and the last one. May block: the server calls it where that stops nobody.
    ///
    /// # Errors
    /// What is wrong with the log, in words.
    fn verify(&self, progress: &mut dyn FnMut(Position, Position)) -> Result<Verified, String>;

    /// What the store says of itself, in the order in which it is to be shown.
    fn facts(&self) -> Vec<Fact>;
}

/// The end of a log that is as it was written. Whoever keeps it elsewhere can tell later whether anything before it was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The log's id.
    pub log: String,
    /// Its epoch.
    pub epoch: u32,
    /// The position of its last event: so many events were checked.
    pub position: Position,
    /// So many commits they came in.
    pub commits: u64,
    /// Stands for all of them, in hexadecimal digits.
    pub link: String,
}

/// One thing that a store says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about: `sqlite version`.
    pub name: &'static str,
    /// How it stands.
    pub value: String,
    /// Whether that is as it should be.
    pub sound: bool,
    /// What to do, where it is not.
    pub advice: Option<String>,
}
