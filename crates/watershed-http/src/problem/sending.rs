use watershed_runtime::{AnyRefusal, SendError};

use super::{Problem, kinds};

impl From<SendError<AnyRefusal>> for Problem {
    fn from(error: SendError<AnyRefusal>) -> Self {
        let detail = error.to_string();
        match error {
            SendError::Refused(refusal) => of_refusal(refusal),
            SendError::UnknownCommand(_) => Self::new(&kinds::UNKNOWN_COMMAND, detail),
            SendError::Malformed(error) => {
                // `?` stands for a place that has no name, such as the end of a body that broke off.
                let field = error.field.filter(|field| field != "?").unwrap_or_else(|| "body".to_owned());
                Self::with_field(&kinds::MALFORMED_BODY, field, error.problem)
            }
            SendError::BadId { field } => Self::new(&kinds::BAD_ID, detail).about(field),
            SendError::BadKey => Self::new(&kinds::BAD_KEY, detail).about("Idempotency-Key"),
            SendError::Denied(_) => Self::new(&kinds::DENIED, detail),
            SendError::VersionMismatch { .. } => {
                Self::new(&kinds::VERSION_MISMATCH, detail).about("If-Match")
            }
            SendError::TagTaken { tag } => Self::new(&kinds::TAG_TAKEN, detail).about(tag.name.into_string()),
            SendError::KeyReused => Self::new(&kinds::KEY_REUSED, detail).about("Idempotency-Key"),
            SendError::InFlight => Self::new(&kinds::IN_FLIGHT, detail),
            SendError::Contended { .. } => Self::new(&kinds::CONTENDED, detail),
            SendError::UnreadableStream(_) => Self::new(&kinds::UNREADABLE_STREAM, detail),
            SendError::SaveRefused { .. } => Self::new(&kinds::SAVE_REFUSED, detail),
            SendError::UnfitState(_) => Self::new(&kinds::UNFIT_STATE, detail),
            SendError::WrongPremise(_) => Self::new(&kinds::WRONG_PREMISE, detail),
            SendError::DamagedLog(_) => Self::new(&kinds::DAMAGED_LOG, detail),
            SendError::InlineRefused { .. } => Self::new(&kinds::INLINE_REFUSED, detail),
            SendError::ReadOnly(_) => Self::new(&kinds::READ_ONLY, detail),
            SendError::Unavailable(_) => Self::new(&kinds::UNAVAILABLE, detail),
            _ => Self::new(&kinds::INTERNAL, detail),
        }
    }
}

fn of_refusal(refusal: AnyRefusal) -> Problem {
    let problem = Problem::new(&kinds::REFUSED, refusal.message).under_code(refusal.code);
    match refusal.field {
        Some(field) => problem.about(field),
        None => problem,
    }
}
