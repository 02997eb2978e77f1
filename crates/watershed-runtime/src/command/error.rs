use watershed_core::ports::{LogError, SaveRule};
use watershed_core::variant::ReadError;
use watershed_core::{Denied, PremiseError, Refusal, Tag, Version};

/// Why a command was not taken. Nothing of it is recorded.
///
/// `R` is the domain's refusal; where the command came in by name, [`AnyRefusal`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError<R> {
    /// The domain says no.
    #[error("refused: {0:?}")]
    Refused(R),
    /// No command bears that name.
    #[error("there is no command `{0}`")]
    UnknownCommand(String),
    /// The body is not the command that it should be.
    #[error("{0}")]
    Malformed(ReadError),
    /// The id is empty, too long or holds control characters.
    #[error("`{field}`: an id has 1 to {max} bytes and no control characters", max = crate::MAX_ID)]
    BadId {
        /// The field.
        field: &'static str,
    },
    /// The idempotency key is empty, too long or holds control characters.
    #[error("an idempotency key has 1 to {max} bytes and no control characters", max = crate::MAX_ID)]
    BadKey,
    /// The authorizer says no.
    #[error("not allowed: {0}")]
    Denied(Denied),
    /// The stream is not at the version that the caller expects.
    #[error("the stream is at version {actual}, not {expected}: load it again and decide anew")]
    VersionMismatch {
        /// What the caller expected.
        expected: Version,
        /// What it is.
        actual: Version,
    },
    /// Another event bears a tag that may be used once.
    #[error("`{tag}` has been used before")]
    TagTaken {
        /// The tag.
        tag: Tag,
    },
    /// The idempotency key was used with another command.
    #[error("the idempotency key was used for another command: use a new key for a new command")]
    KeyReused,
    /// A command with the same idempotency key is being taken right now.
    #[error("a command with this idempotency key is under way: ask again in a moment")]
    InFlight,
    /// Others kept changing what the command was decided on.
    #[error("others kept changing what this command rests on: {attempts} attempts. Try again")]
    Contended {
        /// How often it was decided.
        attempts: u32,
    },
    /// The stream holds an event that this program cannot read: deciding without it could be wrong.
    #[error("the command was not decided: {0}")]
    UnreadableStream(String),
    /// A rule of the user's database stands against the state that would follow: something that may be there once is there, a check
    /// says no, what is referred to is not there.
    #[error("the database refuses what would follow: {problem}")]
    SaveRefused {
        /// The kind of rule.
        rule: SaveRule,
        /// Which one, in the database's words.
        problem: String,
    },
    /// The tables that the state stands in, or a row of them, are not what the program takes them for.
    #[error("the command was not decided: {0}")]
    UnfitState(String),
    /// The aggregate's premises are wrong: a mistake in the program.
    #[error("the command was not decided: {0}")]
    WrongPremise(PremiseError),
    /// The log is damaged where the command's decision depends on it: sending it again does not help.
    #[error("the command was not decided: {0}")]
    DamagedLog(String),
    /// An inline read model could not take the events.
    #[error("the read model `{model}` could not take the event: {problem}")]
    InlineRefused {
        /// The read model.
        model: String,
        /// Why.
        problem: String,
    },
    /// The store takes no writes.
    #[error("no commands are taken: {0}. What was acknowledged is safe")]
    ReadOnly(String),
    /// The store failed, or the context is closed.
    #[error("the command was not taken: {0}")]
    Unavailable(String),
}

impl<R> SendError<R> {
    /// Whether the same command may be taken when it is sent again, unchanged.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::InFlight | Self::Contended { .. } | Self::ReadOnly(_) | Self::Unavailable(_))
    }

    /// The same error with the refusal put in other terms.
    pub(crate) fn map_refusal<T>(self, map: impl FnOnce(R) -> T) -> SendError<T> {
        match self {
            Self::Refused(refusal) => SendError::Refused(map(refusal)),
            Self::UnknownCommand(name) => SendError::UnknownCommand(name),
            Self::Malformed(error) => SendError::Malformed(error),
            Self::BadId { field } => SendError::BadId { field },
            Self::BadKey => SendError::BadKey,
            Self::Denied(denied) => SendError::Denied(denied),
            Self::VersionMismatch { expected, actual } => SendError::VersionMismatch { expected, actual },
            Self::TagTaken { tag } => SendError::TagTaken { tag },
            Self::KeyReused => SendError::KeyReused,
            Self::InFlight => SendError::InFlight,
            Self::Contended { attempts } => SendError::Contended { attempts },
            Self::UnreadableStream(problem) => SendError::UnreadableStream(problem),
            Self::SaveRefused { rule, problem } => SendError::SaveRefused { rule, problem },
            Self::UnfitState(problem) => SendError::UnfitState(problem),
            Self::WrongPremise(mistake) => SendError::WrongPremise(mistake),
            Self::DamagedLog(problem) => SendError::DamagedLog(problem),
            Self::InlineRefused { model, problem } => SendError::InlineRefused { model, problem },
            Self::ReadOnly(problem) => SendError::ReadOnly(problem),
            Self::Unavailable(problem) => SendError::Unavailable(problem),
        }
    }
}

impl<R> From<LogError> for SendError<R> {
    fn from(error: LogError) -> Self {
        let problem = error.to_string();
        if error.is_damage() { Self::DamagedLog(problem) } else { Self::Unavailable(problem) }
    }
}

/// A domain's refusal with its type put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyRefusal {
    /// Its code: `coop.family.amount-not-positive`.
    pub code: &'static str,
    /// The field that it is about, where it is about one.
    pub field: Option<&'static str>,
    /// What to tell the caller.
    pub message: String,
}

impl AnyRefusal {
    /// What `refusal` says.
    pub fn of<R: Refusal>(refusal: &R) -> Self {
        let kind = refusal.kind();
        Self { code: kind.code, field: kind.field, message: refusal.message() }
    }
}
