use watershed_runtime::AskError;

use super::{Problem, kinds};

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        let detail = error.to_string();
        match error {
            AskError::UnknownView(_) => Self::new(&kinds::UNKNOWN_VIEW, detail),
            AskError::SwitchedOff(_) => Self::new(&kinds::VIEW_OFF, detail),
            AskError::NotFollowed(_) => Self::new(&kinds::NOT_FOLLOWED, detail),
            AskError::NotYet(_) => Self::new(&kinds::NO_VIEW_YET, detail),
            AskError::UnknownQuery(_) => Self::new(&kinds::UNKNOWN_QUERY, detail),
            AskError::Malformed { field, problem } => {
                Self::with_field(&kinds::MALFORMED_PARAMETER, field, problem)
            }
            AskError::WrongCursor => Self::new(&kinds::BAD_CURSOR, detail).about("after"),
            AskError::ForeignToken => Self::new(&kinds::FOREIGN_TOKEN, detail).about("Watershed-Token"),
            AskError::Denied(_) => Self::new(&kinds::DENIED, detail),
            AskError::NotReached { .. } => Self::new(&kinds::NOT_REACHED, detail).about("Watershed-Token"),
            AskError::UnreadableRow(_) => Self::new(&kinds::UNREADABLE_ROW, detail),
            AskError::DamagedView(_) => Self::new(&kinds::DAMAGED_VIEW, detail),
            AskError::UnreadableStream(_) => Self::new(&kinds::UNREADABLE_STREAM, detail),
            AskError::DamagedLog(_) => Self::new(&kinds::DAMAGED_LOG, detail),
            AskError::Unavailable(_) => Self::new(&kinds::UNAVAILABLE, detail),
            _ => Self::new(&kinds::INTERNAL, detail),
        }
    }
}
