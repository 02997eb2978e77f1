use watershed::prelude::*;

use crate::checks::Wrong;

/// How a category says no.
#[derive(Refusal, Debug, Clone, PartialEq, Eq)]
#[refusal(prefix = "catalog.category")]
pub enum CategoryRefusal {
    /// The id is taken, for ever: also by one that was retired.
    #[refusal("a category with this id has been created already", field = category_id)]
    AlreadyCreated,
    /// No category was created under this id.
    #[refusal("there is no category with this id", field = category_id)]
    NotCreated,
    /// It takes no more commands.
    #[refusal("the category was retired", field = category_id)]
    Retired,
    /// Products are still in it.
    #[refusal("{products} products are still in the category: put them into another one, or retire them", field = category_id)]
    NotEmpty {
        /// How many.
        products: i64,
    },

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
    /// A text holds what nobody can see.
    #[refusal("`{field}` holds control characters")]
    TextUnprintable {
        /// The field.
        field: &'static str,
    },
}

impl From<Wrong> for CategoryRefusal {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Missing { field } => Self::TextMissing { field },
            Wrong::TooLong { field, limit } => Self::TextTooLong { field, limit },
            Wrong::Unprintable { field } => Self::TextUnprintable { field },
        }
    }
}
