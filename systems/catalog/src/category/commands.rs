use watershed::prelude::*;

use super::Category;

/// What a category can be asked to do.
#[derive(Command, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[command(aggregate = Category, id = category_id)]
pub enum CategoryCommand {
    /// Creates a category. An id is made where none is given.
    CreateCategory {
        /// The category's id, for whoever wants to choose it: `tools`.
        #[id(generate)]
        category_id: String,
        /// What customers call it: `Tools`.
        name: String,
    },
    /// Gives a category another name. Every product in it shows the new name from then on.
    RenameCategory {
        /// The category.
        category_id: String,
        /// What customers call it from now on.
        name: String,
    },
    /// No product is put into the category any more. Only once none is in it.
    RetireCategory {
        /// The category.
        category_id: String,
    },
}
