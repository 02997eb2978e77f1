use watershed::prelude::*;

/// What can happen to a category. Each event bears the category's id as a tag: what is decided on a category's standing finds it by
/// that.
#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "category", prefix = "catalog.category")]
pub enum CategoryEvent {
    /// It was created.
    Created {
        /// The category.
        #[tag]
        category_id: String,
        /// What customers call it.
        name: String,
    },
    /// It was given another name.
    Renamed {
        /// The category.
        #[tag]
        category_id: String,
        /// What customers called it until then.
        from: String,
        /// What they call it from now on.
        name: String,
    },
    /// No product is put into it any more.
    Retired {
        /// The category.
        #[tag]
        category_id: String,
        /// What customers called it last.
        name: String,
    },
}
