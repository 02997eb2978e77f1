use watershed::prelude::*;

use super::Hub;

/// What a hub can be asked to do.
#[derive(Command, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[command(aggregate = Hub, id = hub_id)]
pub enum HubCommand {
    /// Opens a hub.
    OpenHub {
        /// Its code, which shipments name it by: `MEM`.
        hub_id: String,
        /// What people call it: `Memphis`.
        name: String,
        /// The city that it stands in.
        city: String,
    },
    /// Gives a hub another name. Every shipment that started there bears the new name from then on.
    RenameHub {
        /// The hub.
        hub_id: String,
        /// What people call it from now on.
        name: String,
    },
}
