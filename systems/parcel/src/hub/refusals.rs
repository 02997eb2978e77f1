use watershed::prelude::*;

use crate::checks::{TEXT, Wrong};

/// How a hub says no.
#[derive(Refusal, Debug, Clone, PartialEq, Eq)]
#[refusal(prefix = "parcel.hub")]
pub enum HubRefusal {
    /// The code is taken.
    #[refusal("a hub with this code is already open", field = hub_id)]
    AlreadyOpen,
    /// No hub was opened under this code.
    #[refusal("no hub is open under this code", field = hub_id)]
    NotOpen,
    /// A text is blank.
    #[refusal("`{field}` is needed")]
    TextMissing {
        /// The field.
        field: &'static str,
    },
    /// A text is longer than its column.
    #[refusal("`{field}` is longer than {limit} characters")]
    TextTooLong {
        /// The field.
        field: &'static str,
        /// The longest it may be.
        limit: usize,
    },
}

impl From<Wrong> for HubRefusal {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Missing { field } => Self::TextMissing { field },
            Wrong::TooLong { field } => Self::TextTooLong { field, limit: TEXT },
        }
    }
}
