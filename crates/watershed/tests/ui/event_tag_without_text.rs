use watershed::prelude::*;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Place {
    x: i64,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "family", prefix = "coop.family")]
enum FamilyEvent {
    Moved {
        #[tag]
        to: Place,
        #[tag]
        from: Option<Place>,
        #[tag]
        name: Personal<String>,
    },
}

fn main() {}
