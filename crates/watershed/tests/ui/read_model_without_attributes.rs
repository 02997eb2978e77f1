use watershed::prelude::*;

#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
struct FamilyDetail {
    family_id: String,
}

fn main() {}
