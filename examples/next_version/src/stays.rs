//! Version 2 of the read model `stays`: it tells what is paid an hour.

use garage::stay::{StayEvent, minutes_since};
use garage::views::StayRow as Earlier;
use watershed::prelude::*;

/// One stay.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "stays", version = 2, on(StayEvent))]
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
    /// New: how many half hours have been paid for.
    #[index]
    pub half_hours: Option<i64>,
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
                half_hours: None,
                minutes_so_far: None,
            }),
            StayEvent::Paid { amount, minutes } => {
                let row = row.get()?;
                row.paid = Some(*amount);
                row.minutes = Some(*minutes);
                row.half_hours = Some(minutes / 30 + 1);
            }
            StayEvent::Ended => row.get()?.inside = false,
        }
        Ok(())
    }
}

/// As long as version 1 serves, its rows are shown as these.
impl Replaces<Earlier> for StayRow {
    fn from_earlier(old: Earlier) -> Self {
        Self {
            ticket: old.ticket,
            plate: old.plate,
            started: old.started,
            inside: old.inside,
            paid: old.paid,
            minutes: old.minutes,
            half_hours: None,
            minutes_so_far: None,
        }
    }
}
