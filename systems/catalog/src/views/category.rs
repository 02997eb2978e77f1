use watershed::prelude::*;

use crate::category::{CategoryEvent, CategoryStatus};

/// A category, and what it is called. Products take the name from here.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "category", version = 1, on(CategoryEvent))]
#[contract(owner = "merchandising", fresh = operational(2s), reconcile = sample(1h), unknown = park)]
pub struct CategoryRow {
    /// The category.
    #[key(stream)]
    pub category_id: String,
    /// What customers call it.
    #[index]
    pub name: String,
    /// Whether products can be put into it.
    #[index]
    pub status: CategoryStatus,
}

impl On<CategoryEvent> for CategoryRow {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<CategoryEvent>) -> Applied {
        match &event.data {
            CategoryEvent::Created { category_id, name } => {
                let (category_id, name) = (category_id.clone(), name.clone());
                row.put(Self { category_id, name, status: CategoryStatus::Active });
            }
            CategoryEvent::Renamed { name, .. } => row.get()?.name.clone_from(name),
            CategoryEvent::Retired { .. } => row.get()?.status = CategoryStatus::Retired,
        }
        Ok(())
    }
}
