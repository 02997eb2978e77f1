use std::fmt;
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
    /// All of its keys are, once in every interval.
    Full(Duration),
}

/// How rows that are wrong are made right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// Those rows alone are folded again, from the first event of their keys.
    ByKey,
    /// All rows are: what is wrong with one of them is taken to be wrong with others.
    Full,
}

/// How long rows are to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// As long as the log.
    Forever,
    /// So long after their last change. A fold whose event comes later finds no row, readers see none, and a moment later it is
    /// deleted. Changing this changes what the fold makes of old events: raise the read model's version.
    For(Duration),
}

/// Whether listeners can follow the changes of a read model's rows, and of its rollups': lists that are watched, copies in other
/// stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    /// Nobody listens: nothing is written down.
    Off,
    /// Each change is written down with the row, and kept so long. A listener that was away for longer reads everything again.
    For(Duration),
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
    /// What is right where the rows and something else disagree, in a word or two.
    pub source: &'static str,
    /// How rows that are wrong are made right.
    pub rebuild: Rebuild,
    /// How it is held against the log.
    pub reconcile: Reconcile,
    /// How long its rows are to be kept.
    pub retention: Retention,
    /// Whether listeners can follow its rows' changes.
    pub journal: Journal,
    /// What it does with events that this program does not know.
    pub unknown: UnknownEvents,
    /// Whether it holds personal data.
    pub personal: bool,
}

impl fmt::Display for Reconcile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnRequest => f.write_str("on request"),
            Self::Sample(every) => write!(f, "a sample every {}", Words(*every)),
            Self::Full(every) => write!(f, "all keys every {}", Words(*every)),
        }
    }
}

impl fmt::Display for Rebuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByKey => "by key",
            Self::Full => "in full",
        })
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forever => f.write_str("as long as the log"),
            Self::For(time) => write!(f, "{}", Words(*time)),
        }
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::For(time) => write!(f, "{}", Words(*time)),
        }
    }
}

impl fmt::Display for UnknownEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Park => "park",
            Self::Ignore => "ignore",
            Self::Stop => "stop",
        })
    }
}

/// A time in the largest unit that it is whole in.
struct Words(Duration);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")];
        let (size, unit) =
            units.into_iter().find(|(size, _)| millis.is_multiple_of(*size)).unwrap_or((1, "ms"));
        write!(f, "{} {unit}", millis / size)
    }
}

impl Contract {
    /// What holds where a read model says nothing.
    pub const DEFAULT: Self = Self {
        owner: "",
        freshness: Freshness::Operational(Duration::from_secs(5)),
        source: "the context's log",
        rebuild: Rebuild::ByKey,
        reconcile: Reconcile::OnRequest,
        retention: Retention::Forever,
        journal: Journal::Off,
        unknown: UnknownEvents::Park,
        personal: false,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_largest_unit_that_they_are_whole_in() {
        let told = |secs| Reconcile::Sample(Duration::from_secs(secs)).to_string();
        assert_eq!(
            [told(5_400), told(3_600), told(172_800)],
            ["a sample every 90 min", "a sample every 1 h", "a sample every 2 d"]
        );
        assert_eq!(Retention::For(Duration::from_millis(1_500)).to_string(), "1500 ms");
    }
}
