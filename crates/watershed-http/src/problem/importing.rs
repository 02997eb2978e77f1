use watershed_runtime::ImportError;

use super::{Problem, kinds};

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let detail = error.to_string();
        match error {
            ImportError::Unknown(_) => Self::new(&kinds::UNKNOWN_IMPORT, detail),
            ImportError::Denied(_) => Self::new(&kinds::DENIED, detail),
            // Under the code of what stopped it, with the line.
            ImportError::Stopped { error, .. } => Self::from(error).with_detail(detail),
            ImportError::TriageFull { .. } => Self::new(&kinds::TRIAGE_FULL, detail),
            ImportError::NoSuchLine(_) => Self::new(&kinds::NO_SUCH_LINE, detail).about("number"),
            ImportError::Unavailable(_) => Self::new(&kinds::UNAVAILABLE, detail),
            _ => Self::new(&kinds::INTERNAL, detail),
        }
    }
}
