use watershed_runtime::OperateError;

use super::{Problem, kinds};

impl From<OperateError> for Problem {
    fn from(error: OperateError) -> Self {
        let detail = error.to_string();
        match error {
            OperateError::Malformed { field, problem } => {
                Self::with_field(&kinds::MALFORMED_BODY, field, problem)
            }
            OperateError::UnknownView(_) => Self::new(&kinds::UNKNOWN_VIEW, detail),
            OperateError::NoEdition(_) => Self::new(&kinds::NO_EDITION, detail),
            OperateError::Denied(_) => Self::new(&kinds::DENIED, detail),
            OperateError::NotParked { .. } => Self::new(&kinds::NOT_PARKED, detail).about("key"),
            OperateError::Moved { .. } => Self::new(&kinds::PARKED_MOVED, detail).about("position"),
            OperateError::WrongState(_) => Self::new(&kinds::WRONG_STATE, detail),
            OperateError::KeptElsewhere { node, .. } => {
                Self::new(&kinds::KEPT_ELSEWHERE, detail).kept_by(node)
            }
            OperateError::DamagedView(_) => Self::new(&kinds::DAMAGED_VIEW, detail),
            OperateError::Unavailable(_) => Self::new(&kinds::UNAVAILABLE, detail),
            _ => Self::new(&kinds::INTERNAL, detail),
        }
    }
}
