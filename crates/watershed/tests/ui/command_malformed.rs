use watershed::prelude::*;

#[derive(Command, Deserialize, JsonSchema)]
enum Nothing {
    Enroll { family_id: String },
}

#[derive(Command, Deserialize, JsonSchema)]
#[command(agregate = Family, id = family_id)]
enum Misspelt {
    Enroll { family_id: String },
}

#[derive(Command, Deserialize, JsonSchema)]
#[command(aggregate = Family)]
enum WithoutId {
    Enroll { family_id: String },
}

#[derive(Command, Deserialize, JsonSchema)]
#[command(aggregate = Family, id = family_id)]
#[serde(rename_all = "snake_case")]
enum FamilyCommand {
    Enroll { #[id(generate)] family_id: String },
    Pay { amount: Decimal },
    Withdraw { family_id: u64 },
    Contact { family_id: String, #[id(generate)] contact_id: String },
    Close(String),
    Open { #[id] family_id: String },
}

#[derive(Default)]
struct Family;

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "family", prefix = "coop.family")]
enum FamilyEvent {
    Enrolled,
}

/// What uses a command enum with mistakes is not reported as well.
impl Aggregate for Family {
    type Command = FamilyCommand;
    type Event = FamilyEvent;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &FamilyCommand, _: &Cx) -> Decided<Self> {
        let _ = (command.id(), command.kind());
        Ok(vec![FamilyEvent::Enrolled])
    }

    fn evolve(&mut self, _: &FamilyEvent) {}
}

fn main() {}
