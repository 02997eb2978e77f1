use watershed::prelude::*;

#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "Families", version = "1", on(FamilyEvent), sql = "SELECT 1", sho = |row| true, index(risk desk))]
#[contract(fresh = operational(2), reconcile = sample, unknown = drop, team = "coordinators")]
#[serde(rename_all = "camelCase")]
struct FamilyDetail {
    #[key(stream)]
    family_id: String,
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "families", version = 1, index(risk_scor desc, days, notes), show = |row, now| true)]
#[contract(owner = "coordinators", fresh = operational)]
struct Marks {
    #[key(stream)]
    family_id: String,
    #[key]
    month: Month,
    #[key]
    coordinator: Option<String>,
    #[json]
    #[index]
    notes: Vec<String>,
    #[index]
    #[at_read(|row| 1)]
    days: i64,
    #[at_read]
    months: i64,
    #[index(desc)]
    #[serde(rename = "risk")]
    risk_score: i64,
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "families", version = 1, on(FamilyEvent))]
#[contract(owner = "coordinators")]
struct Tuple(String);

fn main() {}
