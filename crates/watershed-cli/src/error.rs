use std::path::PathBuf;
use std::process::ExitCode;

use watershed_http::ServeError;
use watershed_postgres::OpenError as SharedError;
use watershed_runtime::StartError;
use watershed_sqlite::OpenError;

use crate::client::CallError;
use crate::settings::SettingsError;

/// Why a command was not carried out, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("{0}")]
    Open(#[from] OpenError),
    #[error("{0}")]
    Shared(#[from] SharedError),
    #[error("{0}")]
    Tables(#[from] watershed_core::ports::StateError),
    #[error("no PostgreSQL server is named: say which with --store, or `url` in [store] of the settings")]
    NoStore,
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("{0}")]
    Serve(#[from] ServeError),
    #[error("cannot listen on {address}: {error}. Choose another address with --listen")]
    Listen { address: std::net::SocketAddr, error: std::io::Error },
    #[error("there is no data in {}. Start with `{program} demo` or `{program} serve`, or say where it is with --data", .folder.display())]
    NoData { folder: PathBuf, program: &'static str },
    #[error("there is no context `{name}`: there is {known}")]
    NoContext { name: String, known: String },
    #[error("cannot read {}: {problem}", .file.display())]
    File { file: PathBuf, problem: String },
    #[error("measuring cannot start: {0}")]
    Metrics(String),
    #[error("the program cannot start: {0}")]
    Runtime(std::io::Error),
    #[error("{0}")]
    Demo(String),
    #[error("{0}")]
    Undone(String),
    #[error("the server's answer is not what it should be: {0}. Is it of the same version?")]
    Answer(#[from] serde_json::Error),
    #[error("cannot print: {0}")]
    Print(#[from] std::io::Error),
}

impl CliError {
    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Settings(_) | Self::NoStore | Self::NoContext { .. } | Self::File { .. } => 2,
            Self::Call(CallError::Problem { .. }) => 4,
            Self::Demo(_) | Self::Undone(_) | Self::Print(_) => 1,
            _ => 3,
        })
    }
}
