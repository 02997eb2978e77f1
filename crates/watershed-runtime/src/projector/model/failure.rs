use std::any::Any;
use std::fmt::Display;

use watershed_core::{ApplyError, Key, StoredEvent};

use crate::projector::stuck::NO_RETURN;

/// What the fingerprints of events begin with that wait for a row of another read model.
const WAITS_FOR: &str = "waits for ";

/// Why an event could not be applied.
#[derive(Debug, Clone)]
pub(crate) struct ApplyFailure {
    pub(crate) error: String,
    /// Equal for failures of one cause: the kind of failure and the kind of event, without keys and positions. Of an event that
    /// waits for a parked row: that row.
    pub(crate) fingerprint: String,
}

impl ApplyFailure {
    /// This program cannot read the event.
    pub(crate) fn unreadable(event: &StoredEvent, error: impl Display) -> Self {
        Self { error: error.to_string(), fingerprint: format!("unreadable {}", event.name) }
    }

    /// The event waits for that view's row, which is parked.
    pub(crate) fn waits(view: &'static str, key: &Key) -> Self {
        let error = ApplyError::Waits { view, key: key.clone() }.to_string();
        Self { error, fingerprint: Self::waits_for(view, key) }
    }

    /// The fingerprint of all that waits for that view's row.
    pub(crate) fn waits_for(view: &str, key: &Key) -> String {
        format!("{WAITS_FOR}{view} {key}")
    }

    /// Whether the fingerprint is that of an event that waits for a row.
    pub(crate) fn is_waiting(fingerprint: &str) -> bool {
        fingerprint.starts_with(WAITS_FOR)
    }

    /// Whether trying again by itself would only do more harm.
    pub(crate) fn is_for_operators(&self) -> bool {
        self.fingerprint.starts_with(NO_RETURN)
    }
}

pub(super) fn kind_of(error: &ApplyError) -> &'static str {
    match error {
        ApplyError::Missing(_) => "missing row",
        ApplyError::NotInGroup(_) => "not in group",
        _ => "rejected",
    }
}

pub(super) fn failure(event: &str, kind: &str, error: String) -> ApplyFailure {
    // Digits are keys, amounts and positions: failures of one cause differ in nothing else, as a rule.
    let cause: String = error.chars().filter(|letter| !letter.is_ascii_digit()).take(80).collect();
    let cause = if kind == "missing row" { String::new() } else { cause };
    ApplyFailure { error, fingerprint: format!("{kind} on {event}: {cause}") }
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the fold panicked: {}", text.unwrap_or("(no message)"))
}
