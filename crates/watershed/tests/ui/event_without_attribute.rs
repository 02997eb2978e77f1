use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema)]
enum FamilyEvent {
    Enrolled { family_name: String },
}

fn main() {}
