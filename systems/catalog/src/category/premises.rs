use watershed::prelude::*;

use super::CategoryEvent;

/// A category as others rest on it: whether it stands, and what it is called.
///
/// Renames are part of it: what is decided on a category says its name, and that is then the name that it has at the event's own
/// position.
#[derive(Debug, Default)]
pub struct CategoryStands(Option<String>);

impl CategoryStands {
    /// What makes the category with that id stand or not. Products bear its tag as well: what happens to them is nothing to it.
    #[must_use]
    pub fn within(category_id: &str) -> Boundary {
        Boundary::tag("category_id", category_id).named([
            "catalog.category.created",
            "catalog.category.renamed",
            "catalog.category.retired",
        ])
    }

    /// What customers call it; none where there is no such category, or it was retired.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl Premise for CategoryStands {
    type Event = CategoryEvent;

    fn evolve(&mut self, event: &CategoryEvent) {
        self.0 = match event {
            CategoryEvent::Created { name, .. } | CategoryEvent::Renamed { name, .. } => Some(name.clone()),
            CategoryEvent::Retired { .. } => None,
        };
    }
}
