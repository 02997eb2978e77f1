use watershed::prelude::*;

#[derive(Serialize, Deserialize, JsonSchema, Clone)]
struct Place {
    x: i64,
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "months", version = 1, sql = "SELECT 1")]
#[contract(owner = "coordinators")]
struct FamilyMonth {
    #[key(stream)]
    family_id: String,
    paid: Decimal,
    #[json]
    place: Place,
}

#[derive(Rollup, Serialize, Deserialize, JsonSchema)]
#[rollup(name = "analytics", version = 1, of = FamilyMonth)]
struct Analytics {
    #[group]
    month: Month,
    #[sum(|row| row.payed)]
    paid: Decimal,
    #[count_by(|row| row.place.clone())]
    places: std::collections::BTreeMap<String, u64>,
    #[count_by(|row| &row.place)]
    families: std::collections::BTreeMap<String, u64>,
    #[min(|row| &row.place)]
    first_place: Option<String>,
    #[max(|row| row.paid)]
    last_paid: Option<Date>,
    #[top(3, |row| row.family_id.as_str())]
    frequent: Vec<Top<i64>>,
    #[top(3, |row| row.family_id.as_str(), by = |row| row.family_id.as_str())]
    weighed: Vec<Top<String>>,
    #[count(filter = |row| row.paid)]
    paid_for: u64,
}

#[derive(Rollup, Serialize, Deserialize, JsonSchema)]
#[rollup(name = "analytics", version = 1, of = Place)]
struct OfNothing {
    #[group(|row| row.x)]
    x: i64,
}

fn main() {}
