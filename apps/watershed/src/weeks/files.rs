use http::header::{CONTENT_TYPE, HeaderValue};
use parcel::carrier::CarrierReport;
use parcel::traffic::{Expected, Sent, Step};
use serde::Deserialize;
use watershed::prelude::Date;
use watershed_cli::Client;

use super::tally::Tally;
use crate::patient::post;

/// The file of the weeks in which a line is torn in two.
const TORN: usize = 9;

/// What is read of an import's answer.
#[derive(Deserialize)]
struct Summary {
    lines: u64,
    taken: u64,
    already_taken: u64,
    refused_lines: u64,
    malformed_lines: u64,
    refused: Vec<Left>,
}

/// A line that was not taken.
#[derive(Deserialize)]
struct Left {
    code: String,
}

/// Sends what carriers report by the file.
pub(super) struct Files {
    client: Client,
    is_repeating: bool,
    pub(super) tally: Tally,
}

impl Files {
    pub(super) fn new(url: &str, is_repeating: bool) -> Result<Self, String> {
        let client = Client::new(url).map_err(|error| error.to_string())?;
        Ok(Self { client, is_repeating, tally: Tally::default() })
    }

    /// Sends a post's reports as one file, and counts how its lines ended.
    pub(super) async fn send(&mut self, place: usize, day: Date, reports: Vec<Step>) -> Result<(), String> {
        if reports.is_empty() {
            return Ok(());
        }
        let mut file = Vec::with_capacity(reports.len() * 256);
        for (line, step) in reports.iter().enumerate() {
            let Sent::Shipment(command) = &step.command else { continue };
            let report = CarrierReport::behind(command).ok_or("a step that is no report")?;
            if place == TORN && line == reports.len() / 2 {
                // A scanner's battery ran out, and it began again.
                let whole = serde_json::to_vec(&report).map_err(|error| error.to_string())?;
                file.extend_from_slice(&whole[..whole.len() / 2]);
                file.push(b'\n');
            }
            serde_json::to_writer(&mut file, &report).map_err(|error| error.to_string())?;
            file.push(b'\n');
        }
        let path = format!("/api/parcel/imports/carrier_reports?source={day}-{place:03}.ndjson");
        let lines = [(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"))];
        let (answer, tries) = post(&mut self.client, &path, &lines, &file).await?;
        let summary: Summary = answer.json().map_err(|error| error.to_string())?;
        self.check(day, &reports, &summary, tries > 1);
        self.is_repeating = false;

        self.tally.files += 1;
        self.tally.reports += summary.lines;
        self.tally.taken += summary.taken;
        self.tally.already_taken += summary.already_taken;
        self.tally.malformed += summary.malformed_lines;
        let known = summary.refused.len() as u64;
        for left in summary.refused {
            self.tally.outcomes.refused(left.code);
        }
        if summary.refused_lines > known {
            self.tally.outcomes.refused_many("others".to_owned(), summary.refused_lines - known);
        }
        Ok(())
    }

    fn check(&mut self, day: Date, reports: &[Step], summary: &Summary, was_repeated: bool) {
        let count =
            |is: fn(&Expected) -> bool| reports.iter().filter(|step| is(&step.expected)).count() as u64;
        let taken = count(|expected| *expected == Expected::Accepted);
        let again = count(|expected| matches!(expected, Expected::Replayed | Expected::AlreadyTaken));
        let as_expected = summary.taken == taken && summary.already_taken == again;
        if !as_expected && !self.is_repeating && !was_repeated {
            self.tally.outcomes.surprise(format!(
                "{day}: {} reports were taken and {} had been before; expected were {taken} and {again}",
                summary.taken, summary.already_taken
            ));
        }
    }
}
