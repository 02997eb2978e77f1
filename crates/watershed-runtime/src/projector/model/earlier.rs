use std::any::{Any, TypeId};

use watershed_core::ports::RowKey;
use watershed_core::read::Neighbours;
use watershed_core::{Key, Tenant};

use super::AnyModel;

/// The earlier models of a group, as their rows stand now.
pub(crate) struct Earlier<'a> {
    pub(crate) models: &'a [Box<dyn AnyModel>],
    pub(crate) tenant: &'a Tenant,
}

impl Neighbours for Earlier<'_> {
    fn row(&self, model: TypeId, key: &str) -> Option<Option<&dyn Any>> {
        let model = self.models.iter().find(|earlier| earlier.as_ref().type_id() == model)?;
        Some(model.row(&RowKey { tenant: self.tenant.clone(), key: Key::from(key) }))
    }
}
