use watershed_core::ports::Ledger;

use super::record::Record;

/// What the ledger says of a group, and in which words: what comes in its place is written only where these still stand there.
pub(super) struct Written {
    pub(super) record: Record,
    text: Option<String>,
}

impl Written {
    pub(super) async fn read(ledger: &dyn Ledger, group: &str) -> Result<Self, String> {
        let text = ledger.read(&document(group)).await.map_err(|error| error.to_string())?;
        let record = text.as_deref().map_or_else(|| Ok(Record::default()), serde_json::from_str);
        let record = record.map_err(|error| {
            format!("what the ledger says of the editions of `{group}` cannot be read: {error}")
        })?;
        Ok(Self { record, text })
    }

    /// Writes a record in its place. Whether it is there now: it is not where another process has decided something meanwhile.
    pub(super) async fn replace(
        &self,
        ledger: &dyn Ledger,
        group: &str,
        record: &Record,
    ) -> Result<bool, String> {
        let text = serde_json::to_string(record).map_err(|error| error.to_string())?;
        let written = ledger.write(&document(group), self.text.as_deref(), &text).await;
        written.map_err(|error| error.to_string())
    }
}

fn document(group: &str) -> String {
    format!("editions/{group}")
}
