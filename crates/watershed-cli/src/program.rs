use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;

use watershed_http::Asset;
use watershed_runtime::Context;

use crate::output::Progress;

/// A program: what it hosts, and what its demo plays.
pub struct Program {
    /// The program's name, as it is called.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// The contexts that it hosts.
    pub contexts: Vec<Hosted>,
    /// What `demo` plays.
    pub demo: Box<dyn Demo>,
}

/// A context that a program hosts.
#[derive(Debug, Clone, Copy)]
pub struct Hosted {
    /// Its name, and that of its folder in the data folder.
    pub name: &'static str,
    /// Makes it, with its policy.
    pub make: fn() -> Context,
    /// What is served beside its API: pages for people.
    pub assets: &'static [Asset],
}

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Plays something into a server that has just been started.
pub trait Demo: Send + Sync {
    /// Plays, unless it has been played into this data folder before, and says what there is to see.
    ///
    /// # Errors
    /// Where it cannot go on, in words.
    fn play<'a>(&'a self, stage: Stage<'a>) -> Later<'a, Result<(), String>>;
}

/// What a demo plays on, and what it has to play with.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// Where the server listens.
    pub server: SocketAddr,
    /// The data folder, for what the demo has to remember.
    pub data: &'a Path,
    /// How much to play, in whatever the demo counts; none for as much as it likes.
    pub size: Option<u32>,
    /// Whether somebody looks on.
    pub terminal: bool,
}

impl Stage<'_> {
    /// A progress bar with this word before it, where somebody looks on.
    #[must_use]
    pub fn progress(&self, word: &'static str) -> Progress {
        Progress::new(word, self.terminal)
    }
}
