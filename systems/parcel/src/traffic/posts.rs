use std::collections::{HashMap, HashSet};
use std::iter::Peekable;

use watershed::prelude::*;

use super::{Sent, Step, Traffic};
use crate::shipment::ShipmentCommand;

/// Some steps that can be sent together: first the commands, those of one shipment in their order; then what carriers report,
/// as one file. Every step ends as it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// The day on which they arrive.
    pub day: Date,
    /// What customers and operations send.
    pub commands: Vec<Step>,
    /// What carriers send: `RecordScan` all of them.
    pub reports: Vec<Step>,
}

/// The weeks in posts: a day each, in several where what is sent rests on what was reported the same day.
#[derive(Debug, Clone)]
pub struct Posts(Peekable<Traffic>);

impl Traffic {
    /// The same weeks, for whoever brings in what carriers report by the file.
    #[must_use]
    pub fn posts(self) -> Posts {
        Posts(self.peekable())
    }
}

impl Iterator for Posts {
    type Item = Post;

    fn next(&mut self) -> Option<Post> {
        let day = self.0.peek()?.at.date();
        let mut post = Post { day, commands: Vec::new(), reports: Vec::new() };
        let mut reported = Reported::default();
        while let Some(step) = self.0.next_if(|step| step.at.date() == day && reported.lets(step)) {
            reported.note(&step);
            match &step.command {
                Sent::Shipment(ShipmentCommand::RecordScan { .. }) => post.reports.push(step),
                _ => post.commands.push(step),
            }
        }
        Some(post)
    }
}

/// The reports of a post.
#[derive(Default)]
struct Reported {
    /// The shipment of each id.
    by_id: HashMap<String, String>,
    shipments: HashSet<String>,
}

impl Reported {
    /// Whether the step can be sent with them. A command that comes after a report of its shipment cannot: commands are sent
    /// first. Nor can an id that another shipment has: which of the two comes first would be left to chance.
    fn lets(&self, step: &Step) -> bool {
        match &step.command {
            Sent::Hub(_) => true,
            Sent::Shipment(ShipmentCommand::RecordScan { shipment_id, carrier_event_id, .. }) => {
                self.by_id.get(carrier_event_id).is_none_or(|other| other == shipment_id)
            }
            Sent::Shipment(command) => !self.shipments.contains(command.id()),
        }
    }

    fn note(&mut self, step: &Step) {
        if let Sent::Shipment(ShipmentCommand::RecordScan { shipment_id, carrier_event_id, .. }) =
            &step.command
        {
            self.by_id.insert(carrier_event_id.clone(), shipment_id.clone());
            self.shipments.insert(shipment_id.clone());
        }
    }
}
