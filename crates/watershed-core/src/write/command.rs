use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Refusal;
use crate::variant::{ReadError, Reading, read_variant};

/// One command: its name for callers, and how its body is read.
#[derive(Debug, Clone, Copy)]
pub struct CommandKind {
    /// The command's name, which is its variant's: `EnrollFamily`.
    pub name: &'static str,
    /// What its documentation comment says.
    pub doc: &'static str,
    /// The field that holds the id of what the command is about.
    pub id_field: &'static str,
    /// Whether a caller may leave the id out, so that one is made.
    pub generates_id: bool,
}

/// The commands of one aggregate or decision: an enum, a variant a command. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command enum",
    note = "add #[derive(Command, Deserialize, JsonSchema)] and #[command(aggregate = ..., id = ...)] to the enum"
)]
pub trait Command: DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static {
    /// The aggregate or decision that decides these commands.
    type Target: Send + Sync + 'static;
    /// How it says no.
    type Refusal: Refusal;
    /// Every variant's kind, in the enum's order.
    const KINDS: &'static [CommandKind];

    /// The kind of this command.
    fn kind(&self) -> &'static CommandKind;

    /// The id of what the command is about; empty where one is to be made.
    fn id(&self) -> &str;

    /// Gives the command the id that was made for it.
    fn set_id(&mut self, id: String);

    /// What the command says, in 16 bytes: equal for equal commands, also across restarts.
    fn fingerprint(&self) -> Fingerprint;

    /// Reads the command of that name from a JSON object of its fields.
    ///
    /// # Errors
    /// `None` where there is no such command; otherwise what is wrong with the body, and in which field.
    fn parse(name: &str, body: &[u8]) -> Option<Result<Self, ReadError>> {
        let kind = Self::KINDS.iter().find(|kind| kind.name == name)?;
        let may_lack = kind.generates_id.then_some(kind.id_field);
        Some(read_variant(kind.name, body, Reading { strict: true, may_lack }))
    }
}

/// What a command says, in 16 bytes.
pub type Fingerprint = [u8; 16];

/// Makes a [`Fingerprint`] of a name and fields.
pub struct FingerprintWriter(blake3::Hasher);

impl FingerprintWriter {
    /// Starts with the command's name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(name.as_bytes());
        Self(hasher)
    }

    /// Adds a field. A field that cannot be written as JSON counts by its name alone.
    #[must_use]
    pub fn field<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        self.0.update(&[0]);
        self.0.update(name.as_bytes());
        self.0.update(&[0]);
        // The only failure is the value's own refusal to be JSON: hashing cannot fail.
        let _ = serde_json::to_writer(&mut self.0, value);
        self
    }

    /// The fingerprint.
    #[must_use]
    pub fn finish(self) -> Fingerprint {
        let mut fingerprint = [0; 16];
        self.0.finalize_xof().fill(&mut fingerprint);
        fingerprint
    }
}
