use watershed::prelude::*;

use super::{HubCommand as Command, HubEvent as Event, HubRefusal};
use crate::checks::required;

/// One hub, as far as its decisions need to know it: its name, once it is open.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, Eq)]
pub struct Hub {
    name: Option<String>,
}

impl Aggregate for Hub {
    type Command = Command;
    type Event = Event;
    type Refusal = HubRefusal;

    fn decide(&self, command: &Command, _: &Cx) -> Decided<Self> {
        match command {
            Command::OpenHub { hub_id: _, name, city } => {
                if self.name.is_some() {
                    return Err(HubRefusal::AlreadyOpen);
                }
                required("name", name)?;
                required("city", city)?;
                Ok(vec![Event::Opened { name: name.clone(), city: city.clone() }])
            }
            Command::RenameHub { hub_id: _, name } => {
                let present = self.name.as_ref().ok_or(HubRefusal::NotOpen)?;
                required("name", name)?;
                // Its name already: there is nothing to change in the rows.
                Ok(if present == name { Vec::new() } else { vec![Event::Renamed { name: name.clone() }] })
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Opened { name, .. } | Event::Renamed { name } => self.name = Some(name.clone()),
        }
    }

    fn storage() -> Storage<Self> {
        Storage::snapshots(500)
    }
}
