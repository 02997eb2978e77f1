use std::time::Duration;

/// How fresh a read model promises to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Its rows commit in the append's own transaction: no lag at all.
    Inline,
    /// Whoever wrote sees what they wrote: every query waits for the log's head as it was when the query came.
    ReadYourWrites,
    /// Seconds of lag are in order, up to the bound.
    Operational(Duration),
    /// Lag is in order as long as it is visible, up to the bound.
    Analytical(Duration),
}

impl Freshness {
    /// The lag beyond which the promise is broken.
    #[must_use]
    pub fn bound(self) -> Duration {
        match self {
            Self::Inline => Duration::ZERO,
            Self::ReadYourWrites => Duration::from_secs(1),
            Self::Operational(bound) | Self::Analytical(bound) => bound,
        }
    }

    /// The class's name, as answers and metrics give it.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::ReadYourWrites => "read-your-writes",
            Self::Operational(_) => "operational",
            Self::Analytical(_) => "analytical",
        }
    }
}

/// How a read model is held against the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconcile {
    /// On request only.
    OnRequest,
    /// A sample of its keys is folded again and compared, once in every interval.
    Sample(Duration),
}

/// What a read model does with an event of its categories that this program does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownEvents {
    /// Park the key: nothing of it changes until a program that knows the event has come.
    Park,
    /// Pass over it.
    Ignore,
    /// Stop the read model and say so.
    Stop,
}

/// What a read model promises, and who answers for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    /// The team that answers for it.
    pub owner: &'static str,
    /// How fresh it is.
    pub freshness: Freshness,
    /// How it is held against the log.
    pub reconcile: Reconcile,
    /// What it does with events that this program does not know.
    pub unknown: UnknownEvents,
    /// Whether it holds personal data.
    pub personal: bool,
}

impl Contract {
    /// What holds where a read model says nothing.
    pub const DEFAULT: Self = Self {
        owner: "",
        freshness: Freshness::Operational(Duration::from_secs(5)),
        reconcile: Reconcile::OnRequest,
        unknown: UnknownEvents::Park,
        personal: false,
    };
}
