use parcel::traffic::{Expected, Sent, Step};
use watershed::prelude::{Command, Refusal};
use watershed_cli::Client;

use super::tally::Tally;
use crate::lanes::Lane;
use crate::patient::Outgoing;

/// Sends what customers and operations send, over a connection of its own, one command after the other.
pub(super) struct Sender {
    client: Client,
    /// After an interruption, some of what comes next has been sent before.
    is_repeating: bool,
    pub(super) tally: Tally,
}

impl Lane for Sender {
    type Step = Step;

    fn target(step: &Step) -> &str {
        match &step.command {
            Sent::Hub(command) => command.id(),
            Sent::Shipment(command) => command.id(),
        }
    }

    async fn send_all(&mut self, steps: Vec<Step>) -> Result<(), String> {
        for step in steps {
            self.send(&step).await?;
        }
        self.is_repeating = false;
        Ok(())
    }
}

impl Sender {
    pub(super) fn new(url: &str, is_repeating: bool) -> Result<Self, String> {
        let client = Client::new(url).map_err(|error| error.to_string())?;
        Ok(Self { client, is_repeating, tally: Tally::default() })
    }

    async fn send(&mut self, step: &Step) -> Result<(), String> {
        let command = match &step.command {
            Sent::Hub(command) => Outgoing::new("parcel", &step.key, command)?,
            Sent::Shipment(command) => Outgoing::new("parcel", &step.key, command)?,
        };
        let (answer, _) = command.send(&mut self.client, &[]).await?;
        self.tally.commands += 1;
        let code = answer.problem_code();
        let as_expected = match (&step.expected, &code) {
            (Expected::Refused(refusal), Some(code)) => code == refusal.kind().code,
            (Expected::Accepted | Expected::Replayed, None) => true,
            _ => false,
        };
        if !as_expected && !self.is_repeating {
            let ended = code.as_deref().unwrap_or("taken");
            self.tally.outcomes.surprise(format!("{}: {ended}, and should be {:?}", step.key, step.expected));
        }
        if let Some(code) = code {
            self.tally.outcomes.refused(code);
        }
        Ok(())
    }
}
