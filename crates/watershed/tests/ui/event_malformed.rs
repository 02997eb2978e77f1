use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "family", prefixx = "coop.family")]
#[serde(tag = "type")]
enum FamilyEvent {
    Enrolled(String),
    #[serde(rename = "paid")]
    Paid { #[tag(onse)] transaction: String },
    #[event(name = "paid")]
    PaidAgain,
    #[event(schema = 3, upcast(v1_to_v2))]
    Moved { to: String },
    #[event(upcast(v1_to_v2))]
    Left,
    #[event(name = "Gone Away", name = "gone")]
    Gone,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "family", prefix = "coop.family")]
struct Enrolled {
    family_name: String,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "family", prefix = "coop.family")]
enum Generic<T> {
    Enrolled { family_name: T },
}

fn v1_to_v2(old: serde_json::Value) -> serde_json::Value {
    old
}

fn main() {}
