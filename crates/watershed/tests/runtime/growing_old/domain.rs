//! A museum that forgets its visitors a day after they were last there.

use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "visitor", prefix = "museum.visitor")]
pub(super) enum VisitorEvent {
    Came { hall: String },
    Left {},
    Hidden {},
}

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "hall", prefix = "museum.hall")]
pub(super) enum HallEvent {
    Named { name: String },
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Visitor, id = visitor)]
pub(super) enum VisitorCommand {
    Come { visitor: String, hall: String },
    Leave { visitor: String },
    Hide { visitor: String },
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Hall, id = hall)]
pub(super) enum HallCommand {
    Name { hall: String, name: String },
}

#[derive(Default)]
pub(super) struct Visitor;

#[derive(Default)]
pub(super) struct Hall;

impl Aggregate for Visitor {
    type Command = VisitorCommand;
    type Event = VisitorEvent;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &VisitorCommand, _: &Cx) -> Decided<Self> {
        Ok(vec![match command {
            VisitorCommand::Come { hall, .. } => VisitorEvent::Came { hall: hall.clone() },
            VisitorCommand::Leave { .. } => VisitorEvent::Left {},
            VisitorCommand::Hide { .. } => VisitorEvent::Hidden {},
        }])
    }

    fn evolve(&mut self, _: &VisitorEvent) {}
}

impl Aggregate for Hall {
    type Command = HallCommand;
    type Event = HallEvent;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &HallCommand, _: &Cx) -> Decided<Self> {
        let HallCommand::Name { name, .. } = command;
        Ok(vec![HallEvent::Named { name: name.clone() }])
    }

    fn evolve(&mut self, _: &HallEvent) {}
}

/// The halls, which are forgotten sooner than their visitors.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "halls", version = 1, on(HallEvent))]
#[contract(owner = "museum", fresh = operational(2s), retention = keep(16h))]
pub(super) struct HallRow {
    #[key(stream)]
    hall: String,
    name: String,
}

impl On<HallEvent> for HallRow {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<HallEvent>) -> Applied {
        let HallEvent::Named { name } = &event.data;
        row.put(Self { hall: event.stream.id.to_string(), name: name.clone() });
        Ok(())
    }
}

/// The visitors, with the name that their hall had when they came, or has got since.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "visitors", version = 1, on(VisitorEvent, HallEvent), show = |r| !r.hidden)]
#[contract(owner = "museum", fresh = operational(2s), retention = keep(24h), journal = keep(48h))]
pub(super) struct VisitorRow {
    #[key]
    visitor: String,
    #[index]
    hall: String,
    hall_name: Option<String>,
    visits: i64,
    inside: bool,
    #[internal]
    hidden: bool,
}

impl On<VisitorEvent> for VisitorRow {
    fn keys(event: &Recorded<VisitorEvent>) -> Keys<Self> {
        Keys::one(&event.stream.id)
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<VisitorEvent>) -> Applied {
        match &event.data {
            VisitorEvent::Came { hall } => {
                let hall_name = row.of::<HallRow>(hall)?.map(|hall| hall.name.clone());
                let visitor = row.key().to_string();
                let row = row.get_or_put_with(|| Self {
                    visitor,
                    hall: hall.clone(),
                    hall_name: None,
                    visits: 0,
                    inside: true,
                    hidden: false,
                });
                row.visits += 1;
                row.inside = true;
                row.hall.clone_from(hall);
                row.hall_name = hall_name;
            }
            // Of those who are not known (any more) nobody keeps a row.
            VisitorEvent::Left {} | VisitorEvent::Hidden {} if row.row().is_none() => {}
            VisitorEvent::Left {} => row.get()?.inside = false,
            VisitorEvent::Hidden {} => row.get()?.hidden = true,
        }
        Ok(())
    }
}

impl On<HallEvent> for VisitorRow {
    fn keys(event: &Recorded<HallEvent>) -> Keys<Self> {
        Keys::Matching(VisitorRow::hall.eq(event.stream.id.to_string()))
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<HallEvent>) -> Applied {
        let HallEvent::Named { name } = &event.data;
        row.get()?.hall_name = Some(name.clone());
        Ok(())
    }
}

/// How many are in each hall.
#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "crowds", version = 1, of = VisitorRow)]
pub(super) struct Crowd {
    #[group]
    hall: String,
    #[count]
    visitors: u64,
    #[sum(|r| r.visits)]
    visits: i64,
    #[quantile(0.5, |r| r.visits)]
    median: Option<i64>,
}

pub(super) fn context() -> Context {
    Context::new("museum")
        .policy(AllowAll)
        .aggregate::<Visitor>()
        .aggregate::<Hall>()
        .group::<(HallRow, VisitorRow)>()
        .rollups::<(Crowd,)>()
}

pub(super) fn come(visitor: &str, hall: &str) -> VisitorCommand {
    VisitorCommand::Come { visitor: visitor.into(), hall: hall.into() }
}

pub(super) fn leave(visitor: &str) -> VisitorCommand {
    VisitorCommand::Leave { visitor: visitor.into() }
}

pub(super) fn hide(visitor: &str) -> VisitorCommand {
    VisitorCommand::Hide { visitor: visitor.into() }
}

pub(super) fn name(hall: &str, name: &str) -> HallCommand {
    HallCommand::Name { hall: hall.into(), name: name.into() }
}
