use catalog::season::{Expected, Sent, Step};
use serde::Deserialize;
use watershed::prelude::Command;
use watershed_cli::{CallError, Client};

use super::tally::Tally;
use crate::lanes::Lane;
use crate::patient::Outgoing;

/// What is read of a receipt.
#[derive(Deserialize)]
struct Receipt {
    events: Vec<String>,
    replayed: bool,
}

/// Sends commands to categories and products over a connection of its own, one after the other.
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
            Sent::Category(command) => command.id(),
            Sent::Product(command) => command.id(),
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
            Sent::Category(command) => Outgoing::new("catalog", &step.key, command)?,
            Sent::Product(command) => Outgoing::new("catalog", &step.key, command)?,
        };
        let (answer, _) = command.send(&mut self.client, &[]).await?;
        self.tally.commands += 1;
        let (as_expected, ended) = match answer.json::<Receipt>() {
            Ok(receipt) if receipt.replayed => {
                self.tally.replayed += 1;
                (step.expected == Expected::Replayed, "sent before".to_owned())
            }
            Ok(receipt) => {
                self.tally.events += receipt.events.len() as u64;
                (step.expected == Expected::Accepted, "taken".to_owned())
            }
            Err(CallError::Problem { code, .. }) => {
                let as_expected = matches!(&step.expected, Expected::Refused(expected) if *expected == code);
                self.tally.outcomes.refused(code.clone());
                (as_expected, code)
            }
            Err(error) => return Err(error.to_string()),
        };
        if !as_expected && !self.is_repeating {
            self.tally.outcomes.surprise(format!("{}: {ended}, and should be {:?}", step.key, step.expected));
        }
        Ok(())
    }
}
