use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event(category = "family", prefix = "coop.family")]
enum FamilyEvent {
    Enrolled { family_name: String },
}

fn main() {}
