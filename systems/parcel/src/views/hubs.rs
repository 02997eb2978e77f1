use watershed::prelude::*;

use crate::hub::HubEvent;

/// A hub, and what it is called. Other rows of its group take the name from here.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "hubs", version = 1, on(HubEvent))]
#[contract(owner = "operations", fresh = operational(2s), reconcile = sample(1h), journal = keep(7d), unknown = park)]
pub struct HubRow {
    /// Its code.
    #[key(stream)]
    pub hub_id: String,
    /// What people call it.
    pub name: String,
    /// The city that it stands in.
    pub city: String,
}

impl On<HubEvent> for HubRow {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<HubEvent>) -> Applied {
        match &event.data {
            HubEvent::Opened { name, city } => {
                let hub_id = event.stream.id.to_string();
                row.put(Self { hub_id, name: name.clone(), city: city.clone() });
            }
            HubEvent::Renamed { name } => row.get()?.name.clone_from(name),
        }
        Ok(())
    }
}
