//! What the runtime tells about itself, by name. Base units; never an id as a label.

use std::time::Duration;

/// Commands that were taken or refused, by context, command and outcome.
pub(crate) const COMMANDS: &str = "watershed_commands_total";
/// How long commands took, in seconds.
pub(crate) const COMMAND_SECONDS: &str = "watershed_command_seconds";
/// Questions, by context, view and plan.
pub(crate) const QUESTIONS: &str = "watershed_questions_total";

/// Lines that imports have looked at, by context, import and outcome.
pub(crate) const IMPORTED: &str = "watershed_import_lines_total";

/// A batch of an import has been finished.
pub(crate) fn imported(context: &'static str, import: &'static str, outcome: &'static str, lines: u64) {
    metrics::counter!(IMPORTED, "context" => context, "import" => import, "outcome" => outcome)
        .increment(lines);
}

/// A command has been answered.
pub(crate) fn command(context: &'static str, command: &'static str, outcome: &'static str, took: Duration) {
    metrics::counter!(COMMANDS, "context" => context, "command" => command, "outcome" => outcome)
        .increment(1);
    metrics::histogram!(COMMAND_SECONDS, "context" => context).record(took.as_secs_f64());
}

/// A question has been answered.
pub(crate) fn question(context: &'static str, view: &'static str, plan: &'static str) {
    metrics::counter!(QUESTIONS, "context" => context, "view" => view, "plan" => plan).increment(1);
}
