//! Who may do what: the port that every command and question passes.

use std::any::Any;

use crate::{Principal, StreamId};

/// What somebody wants to do.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Action<'a> {
    /// Send a command. Asked twice: before the state is loaded, and with it.
    Command {
        /// The command's name.
        name: &'a str,
        /// What it is about.
        stream: &'a StreamId,
    },
    /// Bring in records from outside. Each record's command is asked about as well.
    Import {
        /// The import's name.
        name: &'a str,
    },
    /// Read a view, or ask a query over it.
    View {
        /// The view's name.
        name: &'a str,
    },
    /// Read a stream's events.
    Stream {
        /// Which.
        stream: &'a StreamId,
    },
    /// Operate the running system.
    Operate {
        /// What is to be done: `retry-parked`.
        name: &'a str,
    },
}

/// A question to the authorizer.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// What they want.
    pub action: Action<'a>,
    /// The aggregate's state, once it is loaded.
    pub state: Option<&'a (dyn Any + Send + Sync)>,
}

/// The authorizer's no, with a reason that may be shown to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Denied {
    /// Why.
    pub reason: String,
}

impl Denied {
    /// A no for that reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Decides who may do what. A context without one refuses to start.
pub trait Authorizer: Send + Sync + 'static {
    /// Allows or denies. Called on the way of every command and question: it must be quick, and do no I/O.
    ///
    /// # Errors
    /// The no.
    fn authorize(&self, access: &Access<'_>) -> Result<(), Denied>;

    /// Whether it would allow anybody anything: a server that listens beyond loopback refuses such a one.
    fn allows_anyone(&self) -> bool {
        false
    }
}

/// Allows everything to everybody. Has to be chosen by name.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllowAll;

impl Authorizer for AllowAll {
    fn authorize(&self, _: &Access<'_>) -> Result<(), Denied> {
        Ok(())
    }

    fn allows_anyone(&self) -> bool {
        true
    }
}
