//! The read side: a row for each stay, the takings of each day, and the questions that they answer.

use watershed::prelude::*;

use crate::stay::{StayEvent, minutes_since};

/// One stay.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "stays", version = 1, on(StayEvent))]
#[contract(owner = "gatekeepers", fresh = operational(2s))]
pub struct StayRow {
    #[key(stream)]
    pub ticket: String,
    #[search]
    pub plate: Personal<String>,
    #[index]
    pub started: Timestamp,
    #[index]
    pub inside: bool,
    pub paid: Option<Decimal>,
    pub minutes: Option<i64>,
    #[at_read(|r, now| r.inside.then(|| minutes_since(r.started, now)))]
    pub minutes_so_far: Option<i64>,
}

impl On<StayEvent> for StayRow {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<StayEvent>) -> Applied {
        match &event.data {
            StayEvent::Started { plate, at } => row.put(StayRow {
                ticket: event.stream.id.to_string(),
                plate: plate.clone(),
                started: *at,
                inside: true,
                paid: None,
                minutes: None,
                minutes_so_far: None,
            }),
            StayEvent::Paid { amount, minutes } => {
                let row = row.get()?;
                row.paid = Some(*amount);
                row.minutes = Some(*minutes);
            }
            StayEvent::Ended => row.get()?.inside = false,
        }
        Ok(())
    }
}

/// What a day brought.
#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "takings", version = 1, of = StayRow)]
pub struct Takings {
    #[group(|r| r.started.date())]
    pub day: Date,
    #[count]
    pub cars: u64,
    #[count(|r| r.inside)]
    pub still_inside: u64,
    #[sum(|r| r.paid)]
    pub money: Decimal,
    #[quantile(0.5, |r| r.minutes)]
    pub median_minutes: Option<i64>,
}

/// One stay, by its ticket.
#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "get_stay")]
pub struct GetStay {
    pub ticket: String,
}

impl Query for GetStay {
    type Answer = One<StayRow>;

    fn ask(&self) -> Self::Answer {
        One::with_key(&self.ticket)
    }
}

/// The cars that are inside, those that came first at the top.
#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "cars_inside")]
pub struct CarsInside {}

impl Query for CarsInside {
    type Answer = Page<StayRow>;

    fn ask(&self) -> Self::Answer {
        Page::of(StayRow::inside.eq(true)).sort([StayRow::started.asc()])
    }
}
