use std::any::{Any, TypeId};

use watershed_core::ports::RowKey;
use watershed_core::read::Neighbours;
use watershed_core::{Key, Tenant, Timestamp};

use super::AnyModel;

/// The earlier models of a group, as their rows stand now.
pub(crate) struct Earlier<'a> {
    pub(crate) models: &'a [Box<dyn AnyModel>],
    pub(crate) tenant: &'a Tenant,
    /// When the event was recorded that looks at them.
    pub(crate) at: Timestamp,
}

impl Neighbours for Earlier<'_> {
    fn row(&self, model: TypeId, key: &str) -> Option<Option<&dyn Any>> {
        let model = self.models.iter().find(|earlier| earlier.as_ref().type_id() == model)?;
        let key = RowKey { tenant: self.tenant.clone(), key: Key::from(key) };
        Some(model.row(&key, self.at))
    }
}
