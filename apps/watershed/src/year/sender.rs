use std::collections::HashMap;

use coop::year::{Expected, Step};
use http::header::{HeaderName, HeaderValue, IF_MATCH};
use serde::Deserialize;
use watershed::prelude::{Command, Refusal};
use watershed_cli::{Answer, CallError, Client, Progress};

use super::tally::Tally;
use crate::lanes::Lane;
use crate::patient::Outgoing;

/// One contact in so many is saved by somebody who looked at the family before the last change.
const OLD_PAGES: usize = 10;

/// What is read of a receipt.
#[derive(Deserialize)]
struct Receipt {
    version: u64,
    events: Vec<String>,
    replayed: bool,
}

/// Sends the commands of some families over a connection of its own, one after the other.
pub(super) struct Sender {
    client: Client,
    /// The version of each family, as the last receipt gave it.
    versions: HashMap<String, u64>,
    contacts: usize,
    /// After an interruption, some of what comes next has been sent before.
    is_repeating: bool,
    progress: Progress,
    pub(super) tally: Tally,
}

impl Lane for Sender {
    type Step = Step;

    fn target(step: &Step) -> &str {
        step.command.id()
    }

    /// Sends a month's steps, and counts how each ended.
    async fn send_all(&mut self, steps: Vec<Step>) -> Result<(), String> {
        for step in steps {
            self.send(&step).await?;
            self.progress.add(1);
        }
        self.is_repeating = false;
        Ok(())
    }
}

impl Sender {
    pub(super) fn new(url: &str, progress: Progress, is_repeating: bool) -> Result<Self, String> {
        let client = Client::new(url).map_err(|error| error.to_string())?;
        let (versions, tally) = (HashMap::new(), Tally::default());
        Ok(Self { client, versions, contacts: 0, is_repeating, progress, tally })
    }

    async fn send(&mut self, step: &Step) -> Result<(), String> {
        let (family, name) = (step.command.id(), step.command.kind().name);
        let command = Outgoing::new("coop", &step.key, &step.command)?;
        let mut headers = Vec::new();
        if let Some(version) = self.seen_on_an_old_page(name, family) {
            headers.push((IF_MATCH, in_quotes(version - 1)));
            let stopped = self.post(&command, &headers).await?;
            if stopped.problem_code().as_deref() == Some("version-mismatch") {
                self.tally.conflicts += 1;
            }
            headers[0] = (IF_MATCH, in_quotes(version));
        }
        let answer = self.post(&command, &headers).await?;
        self.tally.commands += 1;
        match answer.json::<Receipt>() {
            Ok(receipt) => {
                self.versions.insert(family.to_owned(), receipt.version);
                self.took(step, &receipt);
            }
            Err(CallError::Problem { code, detail, .. }) => self.refused(step, code, &detail),
            Err(error) => return Err(error.to_string()),
        }
        Ok(())
    }

    /// The family's present version, if this command is one that somebody saves on an older one first.
    fn seen_on_an_old_page(&mut self, command: &str, family: &str) -> Option<u64> {
        if command != "RecordContact" {
            return None;
        }
        self.contacts += 1;
        let version = *self.versions.get(family)?;
        (self.contacts.is_multiple_of(OLD_PAGES) && version > 1).then_some(version)
    }

    fn took(&mut self, step: &Step, receipt: &Receipt) {
        if receipt.replayed {
            self.tally.replayed += 1;
        } else {
            self.tally.events += receipt.events.len() as u64;
        }
        let expected = matches!(
            (&step.expected, receipt.replayed),
            (Expected::Accepted, false) | (Expected::Replayed, true)
        );
        if !expected && !self.is_repeating {
            self.tally
                .outcomes
                .surprise(format!("{} was taken, and should be {:?}", step.key, step.expected));
        }
    }

    fn refused(&mut self, step: &Step, code: String, detail: &str) {
        let expected = match &step.expected {
            Expected::Refused(refusal) => code == refusal.kind().code,
            Expected::TransactionTaken => code == "tag-taken",
            Expected::Accepted | Expected::Replayed => false,
        };
        if expected || self.is_repeating {
            self.tally.outcomes.refused(code);
        } else {
            self.tally.outcomes.surprise(format!("{}: {detail} ({code})", step.key));
        }
    }

    async fn post(
        &mut self,
        command: &Outgoing,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<Answer, String> {
        let (answer, tries) = command.send(&mut self.client, headers).await?;
        self.tally.retries += u64::from(tries - 1);
        Ok(answer)
    }
}

fn in_quotes(version: u64) -> HeaderValue {
    // invariant: digits in quotes can be a header.
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}
