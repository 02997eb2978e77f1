use std::fmt;

/// One way of saying no: its code for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalKind {
    /// The code: `coop.family.amount-not-positive`.
    pub code: &'static str,
    /// The field of the command that it is about, where it is about one.
    pub field: Option<&'static str>,
}

/// A domain's no: not a failure, but an answer. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a refusal",
    note = "add #[derive(Refusal, Debug)] and #[refusal(prefix = \"...\")] to the enum, and #[refusal(\"the message\")] to each variant"
)]
pub trait Refusal: fmt::Debug + Send + Sync + 'static {
    /// Every variant's kind, in the enum's order.
    const KINDS: &'static [RefusalKind];

    /// The kind of this refusal.
    fn kind(&self) -> &'static RefusalKind;

    /// What to tell the caller, in words.
    fn message(&self) -> String;
}

/// For models that never say no.
impl Refusal for std::convert::Infallible {
    const KINDS: &'static [RefusalKind] = &[];

    fn kind(&self) -> &'static RefusalKind {
        match *self {}
    }

    fn message(&self) -> String {
        match *self {}
    }
}
