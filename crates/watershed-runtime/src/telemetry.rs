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

/// Groups that this process has come to keep, of those that share the rows, by context and group.
const TAKEOVERS: &str = "watershed_takeovers_total";
/// Writes that were refused since another process had come to keep the group, by context and group.
const FENCED: &str = "watershed_fenced_writes_total";

/// This process keeps the group's rows from now on.
pub(crate) fn taken_over(context: &'static str, group: &'static str) {
    metrics::counter!(TAKEOVERS, "context" => context, "group" => group).increment(1);
}

/// A write of this process was refused: another one keeps the group's rows.
pub(crate) fn overtaken(context: &'static str, group: &'static str) {
    metrics::counter!(FENCED, "context" => context, "group" => group).increment(1);
}

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
