use watershed::prelude::*;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Place {
    x: i64,
}

struct Opaque;

#[derive(ReadModel, Serialize, JsonSchema)]
#[read_model(name = "families", version = 1, sql = "SELECT 1")]
#[contract(owner = "coordinators")]
struct FamilyDetail {
    #[key(stream)]
    family_id: String,
    home: Place,
    children: Option<Vec<String>>,
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "places", version = 1, sql = "SELECT 1")]
#[contract(owner = "coordinators")]
struct Places {
    #[key]
    home: Place,
}

fn main() {}
