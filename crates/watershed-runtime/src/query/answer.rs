use std::time::Duration;

use serde::Serialize;
use watershed_core::{Position, Token};

/// How an answer was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FetchPlan {
    /// The stored rows, which had come far enough.
    Rows,
    /// The stored row with what was missing folded over it in memory.
    TailFold,
    /// The stored rows, after waiting for them.
    Waited,
    /// The stored rows, which had not come far enough.
    Stale,
    /// A `SELECT` over tables of the log's own database, or rows that commit with the events: always current.
    Current,
}

impl FetchPlan {
    /// The plan's name in headers and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::TailFold => "tail-fold",
            Self::Waited => "waited",
            Self::Stale => "stale",
            Self::Current => "current",
        }
    }
}

/// An answer, and how fresh it is.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// Everything up to this position is in it.
    pub position: Position,
    /// How long the oldest event that is not in it has stood in the log; zero where it is current.
    pub lag: Duration,
    /// How it was come by.
    pub plan: FetchPlan,
    /// It does not show what the caller demanded, its key is parked, or its lag is beyond the contract's bound.
    pub stale: bool,
    /// How many keys of the view are parked: their rows stand still until an operator looks at them.
    pub parked: u64,
    /// Ask with this token to see at least what this answer shows.
    pub token: Token,
}

impl<T> Answer<T> {
    /// The same answer with its value put in other terms.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: map(self.value),
            position: self.position,
            lag: self.lag,
            plan: self.plan,
            stale: self.stale,
            parked: self.parked,
            token: self.token,
        }
    }
}

impl<T> std::ops::Deref for Answer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
