use super::{AnyRefusal, SendError};

impl SendError<AnyRefusal> {
    /// The stable code that callers are told: the domain's own where it refuses.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::UnknownCommand(_) => "unknown-command",
            Self::Malformed(_) => "malformed-body",
            Self::BadId { .. } => "bad-id",
            Self::BadKey => "bad-idempotency-key",
            Self::Denied(_) => "denied",
            Self::VersionMismatch { .. } => "version-mismatch",
            Self::TagTaken { .. } => "tag-taken",
            Self::KeyReused => "key-reused",
            Self::InFlight => "in-flight",
            Self::Contended { .. } => "contended",
            Self::UnreadableStream(_) => "unreadable-stream",
            Self::SaveRefused { .. } => "save-refused",
            Self::UnfitState(_) => "unfit-state",
            Self::WrongPremise(_) => "wrong-premise",
            Self::DamagedLog(_) => "damaged-log",
            Self::InlineRefused { .. } => "inline-refused",
            Self::ReadOnly(_) => "read-only",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// Why the command was not taken, in words; the domain's own where it refuses.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.message.clone(),
            other => other.to_string(),
        }
    }
}
