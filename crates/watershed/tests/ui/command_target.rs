use watershed::prelude::*;

struct Family;

#[derive(Deserialize, JsonSchema)]
struct Amount {
    units: i64,
}

#[derive(Command, Deserialize, JsonSchema)]
#[command(aggregate = Family, id = family_id)]
enum FamilyCommand {
    Enroll { family_id: String },
}

#[derive(Default)]
struct Child;

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "child", prefix = "coop.child")]
enum ChildEvent {
    Paid,
}

impl Aggregate for Child {
    type Command = ChildCommand;
    type Event = ChildEvent;
    type Refusal = std::convert::Infallible;

    fn decide(&self, _: &ChildCommand, _: &Cx) -> Decided<Self> {
        Ok(vec![ChildEvent::Paid])
    }

    fn evolve(&mut self, _: &ChildEvent) {}
}

#[derive(Command, Deserialize, JsonSchema)]
#[command(aggregate = Child, id = child_id)]
enum ChildCommand {
    Pay { child_id: String, amount: Amount },
}

fn main() {}
