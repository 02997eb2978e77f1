use std::any::Any;

use watershed_core::ApplyError;

use crate::projector::stuck::NO_RETURN;

/// Why an event could not be applied.
#[derive(Debug, Clone)]
pub(crate) struct ApplyFailure {
    pub(crate) error: String,
    /// Equal for failures of one cause: the kind of failure and the kind of event, without keys and positions.
    pub(crate) fingerprint: String,
}

impl ApplyFailure {
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
