use watershed::prelude::*;

/// What can happen to a hub.
#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "hub", prefix = "shipping.hub")]
pub enum HubEvent {
    /// It was opened.
    #[event(name = "opened.v1")]
    Opened {
        /// What people call it.
        name: String,
        /// The city that it stands in.
        city: String,
    },
    /// It was given another name.
    #[event(name = "renamed.v1")]
    Renamed {
        /// What people call it from now on.
        name: String,
    },
}
