/// Turns the JSON of one schema of an event into that of the next.
pub type Upcast = fn(serde_json::Value) -> serde_json::Value;

/// One kind of event: its frozen name in the log and the number of its present shape.
#[derive(Debug, Clone, Copy)]
pub struct EventKind {
    /// The name in the log: `coop.family.payment-received`.
    pub name: &'static str,
    /// The variant's name in Rust: `PaymentReceived`.
    pub variant: &'static str,
    /// The number of the present shape, from 1.
    pub schema: u32,
    /// `upcasts[n - 1]` makes schema `n + 1` of schema `n`; one fewer than `schema`.
    pub upcasts: &'static [Upcast],
}

impl PartialEq for EventKind {
    /// By name: names are unique in a log.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
