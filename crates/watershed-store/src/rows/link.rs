//! The link of a journal's entry: it stands for the entry and, through the one before it, for all before.

use watershed_core::ports::{RowKey, RowState};

/// A row that has changed, and has no number yet.
#[derive(Debug)]
pub struct NotedRow<'a> {
    /// The table's name.
    pub table: &'a str,
    /// The row's key.
    pub key: &'a RowKey,
    /// The position of the last event that changed it.
    pub position: u64,
    /// How often it has changed.
    pub revision: u64,
    /// What has become of it.
    pub state: RowState,
    /// What readers saw of it before, as [`super::written_image`] writes it.
    pub before: Option<String>,
}

/// What stands for an entry and, through the one before it, for all before.
#[must_use]
pub fn change_link(before: u64, number: u64, generation: u64, row: Option<&NotedRow<'_>>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in [before, number, generation] {
        hasher.update(&part.to_be_bytes());
    }
    if let Some(row) = row {
        for part in [row.table, row.key.tenant.as_str(), row.key.key.as_str()] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        for part in [row.position, row.revision] {
            hasher.update(&part.to_be_bytes());
        }
        hasher.update(&[state_code(row.state)]);
    }
    let mut link = [0; 8];
    hasher.finalize_xof().fill(&mut link);
    u64::from_be_bytes(link)
}

/// What a state is kept as.
#[must_use]
pub fn state_code(state: RowState) -> u8 {
    match state {
        RowState::Gone => 0,
        RowState::Shown => 1,
        RowState::Hidden => 2,
    }
}

/// The state that is kept as that number.
#[must_use]
pub fn state_from_code(code: u64) -> RowState {
    match code {
        0 => RowState::Gone,
        1 => RowState::Shown,
        _ => RowState::Hidden,
    }
}
