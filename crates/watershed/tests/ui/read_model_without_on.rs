use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "family", prefix = "coop.family")]
enum FamilyEvent {
    Enrolled { family_name: String },
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "families", version = 1, on(FamilyEvent))]
#[contract(owner = "coordinators")]
struct FamilyDetail {
    #[key(stream)]
    family_id: String,
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "others", version = 1, on(Family))]
#[contract(owner = "coordinators")]
struct Other {
    #[key(stream)]
    family_id: String,
}

struct Family;

fn main() {}
