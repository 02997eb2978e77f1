//! The carriers' network, as small as it can be: hubs, each with the cities around it.

use std::time::Duration;

use watershed::prelude::*;

use super::{Expected, Sent, Step};
use crate::hub::HubCommand;

/// A hub: its code, its name, its city, and the cities that it serves.
pub(super) struct Place {
    pub(super) code: &'static str,
    name: &'static str,
    pub(super) city: &'static str,
    pub(super) around: [&'static str; 4],
}

pub(super) const PLACES: [Place; 8] = [
    place("MEM", "Memphis", "Memphis", ["Memphis", "Nashville", "Little Rock", "Jackson"]),
    place("SDF", "Louisville", "Louisville", ["Louisville", "Cincinnati", "Lexington", "Evansville"]),
    place("ONT", "Inland Empire", "Ontario", ["Los Angeles", "San Diego", "Riverside", "Anaheim"]),
    place("OAK", "Bay Area", "Oakland", ["San Francisco", "Oakland", "San Jose", "Sacramento"]),
    place("EWR", "New York", "Newark", ["New York", "Newark", "Jersey City", "Philadelphia"]),
    place("ORD", "Chicago", "Chicago", ["Chicago", "Milwaukee", "Rockford", "Gary"]),
    place("DFW", "Dallas", "Fort Worth", ["Dallas", "Fort Worth", "Austin", "Waco"]),
    place("MIA", "South Florida", "Miami", ["Miami", "Fort Lauderdale", "Orlando", "Tampa"]),
];

const fn place(
    code: &'static str,
    name: &'static str,
    city: &'static str,
    around: [&'static str; 4],
) -> Place {
    Place { code, name, city, around }
}

/// Writes what happens to the network on a day: before the first shipment all hubs are opened, and once each has been
/// at work for two weeks, one is renamed.
pub(super) fn write(day: i64, date: Date, steps: &mut Vec<Step>) {
    let midnight = Timestamp::at_start_of(date);
    let mut send = |at: Timestamp, key: String, command: HubCommand| {
        steps.push(Step { at, key, command: Sent::Hub(command), expected: Expected::Accepted });
    };
    match day {
        0 => {
            for place in &PLACES {
                let (name, city) = (place.name.into(), place.city.into());
                let command = HubCommand::OpenHub { hub_id: place.code.into(), name, city };
                send(midnight, format!("{}-open", place.code), command);
            }
        }
        14 => {
            let command = HubCommand::RenameHub { hub_id: "MEM".into(), name: "Memphis World Hub".into() };
            send(midnight.plus(Duration::from_secs(12 * 3_600)), "MEM-rename".into(), command);
        }
        _ => {}
    }
}
