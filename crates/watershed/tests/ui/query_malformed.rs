use watershed::prelude::*;

#[derive(Query, Deserialize, JsonSchema)]
struct ListFamilies {
    min_risk: i64,
}

#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "list-families")]
struct Hyphened {
    min_risk: i64,
}

#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "all_families")]
struct Unit;

fn main() {}
