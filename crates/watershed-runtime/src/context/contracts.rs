//! What every view promises, and which promises are broken.

use serde::Serialize;
use watershed_core::Principal;

use super::catalogue::{ViewEntry, ViewKind};
use super::operate::{OperateError, ViewStatus};
use super::running::Running;

/// A view's contract, and whether it is kept.
#[derive(Debug, Clone, Serialize)]
pub struct ContractEntry {
    /// The view.
    pub view: String,
    /// What it is made of.
    pub kind: ViewKind,
    /// The number of its fold.
    pub version: u32,
    /// Who answers for it.
    pub owner: String,
    /// What is right where the rows and something else disagree.
    pub source: String,
    /// Its freshness class.
    pub freshness: String,
    /// The lag beyond which its promise is broken, in milliseconds.
    pub bound_ms: u64,
    /// How rows that are wrong are made right.
    pub rebuild: String,
    /// How it is held against its source.
    pub reconcile: String,
    /// How long its rows are kept.
    pub retention: String,
    /// How long listeners can be away and still follow its rows' changes; `off` where nobody can follow them.
    pub journal: String,
    /// What it does with events that the program does not know.
    pub unknown: String,
    /// Whether it holds personal data.
    pub personal: bool,
    /// What of it is broken just now, in words; nothing where it is kept.
    pub broken: Vec<String>,
}

/// A contract that is broken.
#[derive(Debug, Clone, Serialize)]
pub struct BrokenContract {
    /// The view.
    pub view: String,
    /// What of it is broken, in words.
    pub broken: Vec<String>,
}

impl Running {
    /// The contracts of all views, by name.
    ///
    /// # Errors
    /// Where the caller may not know.
    pub async fn contracts(&self, principal: &Principal) -> Result<Vec<ContractEntry>, OperateError> {
        let statuses = self.views(principal).await?;
        let of = |view: &ViewEntry| statuses.iter().find(|status| status.name == view.name).map(broken);
        let mut all: Vec<ContractEntry> =
            self.catalogue().views.iter().map(|view| entry(view, of(view).unwrap_or_default())).collect();
        all.sort_unstable_by(|left, right| left.view.cmp(&right.view));
        Ok(all)
    }

    /// The views whose contracts are broken just now. Names no row, and asks nobody: for the page that says how a server is.
    pub async fn broken_contracts(&self) -> Vec<BrokenContract> {
        let mut all = Vec::new();
        for view in self.0.views.values() {
            let broken = match self.status(view).await {
                Ok(status) => broken(&status),
                Err(error) => vec![error.to_string()],
            };
            if !broken.is_empty() {
                all.push(BrokenContract { view: view.name.to_owned(), broken });
            }
        }
        all.sort_unstable_by(|left, right| left.view.cmp(&right.view));
        all
    }
}

fn entry(view: &ViewEntry, broken: Vec<String>) -> ContractEntry {
    let contract = view.contract;
    let is_select = view.kind == ViewKind::SqlView;
    // A SELECT has no rows of its own that could be wrong.
    let of_rows = |text: String| if is_select { "-".to_owned() } else { text };
    ContractEntry {
        view: view.name.to_owned(),
        kind: view.kind,
        version: view.version,
        owner: contract.owner.to_owned(),
        source: match view.of {
            Some(of) => format!("the rows of {of}"),
            None if is_select => "its SELECT".to_owned(),
            None => contract.source.to_owned(),
        },
        freshness: contract.freshness.class().to_owned(),
        bound_ms: u64::try_from(contract.freshness.bound().as_millis()).unwrap_or(u64::MAX),
        rebuild: of_rows(contract.rebuild.to_string()),
        reconcile: of_rows(contract.reconcile.to_string()),
        retention: of_rows(contract.retention.to_string()),
        journal: of_rows(contract.journal.to_string()),
        unknown: of_rows(contract.unknown.to_string()),
        personal: contract.personal,
        broken,
    }
}

/// What of a view's contract is broken, in words.
fn broken(status: &ViewStatus) -> Vec<String> {
    let mut broken = Vec::new();
    if matches!(status.status.as_str(), "stopped" | "error") {
        let error = status.checkpoint.last_error.as_deref().unwrap_or("nobody knows why");
        broken.push(format!("{}: {error}", status.status));
    }
    if status.lag_ms > status.bound_ms {
        broken.push(format!("{} ms behind, {} are allowed", status.lag_ms, status.bound_ms));
    }
    if status.parked > 0 {
        broken.push(format!("{} keys are parked", status.parked));
    }
    if status.drift > 0 {
        broken.push(format!("{} rows are not what they should be", status.drift));
    }
    if !status.keeps_retention {
        broken.push("rows that are past their age are not deleted".to_owned());
    }
    broken
}
