use std::path::Path;
use std::sync::Arc;

use watershed_http::{Options, Server};
use watershed_runtime::{Running, Stores};
use watershed_sqlite::{OpenError, Options as StoreOptions, Sqlite, SqliteRows};

use super::audit::LogAudit;
use super::holder::Holder;
use crate::error::CliError;
use crate::program::Program;

/// The program's contexts, running on their folders, which this process holds.
pub(crate) struct Opened(Vec<(Running, Sqlite)>);

/// Whether a context's data is there.
pub(crate) fn is_data_folder(folder: &Path) -> bool {
    folder.join("log.db").exists()
}

impl Opened {
    /// Opens every context's folder in `data`, and makes what is not there.
    pub(crate) async fn open(program: &Program, data: &Path) -> Result<Self, CliError> {
        let mut opened = Vec::with_capacity(program.contexts.len());
        for context in &program.contexts {
            let sqlite = Sqlite::open(data.join(context.name), StoreOptions::default())?;
            let rows = SqliteRows::open(sqlite.path()).map_err(|error| OpenError::Store {
                path: sqlite.path().to_owned(),
                problem: error.to_string(),
            })?;
            let stores = Stores {
                log: sqlite.log(),
                rows: Arc::new(rows),
                ledger: sqlite.ledger(),
                triage: sqlite.triage(),
                beside_log: Some(sqlite.rows_beside_log()),
                tables: Some(sqlite.tables()),
            };
            opened.push(((context.make)().start(stores).await?, sqlite));
        }
        Ok(Self(opened))
    }

    /// A server of them.
    pub(crate) fn server(&self, options: Options) -> Server {
        let running = self.0.iter().map(|(running, _)| running.clone()).collect();
        self.0.iter().fold(Server::new(running, options), |server, (running, sqlite)| {
            server.audit(running.name(), LogAudit(sqlite.log()))
        })
    }

    /// How many events there are in all.
    pub(crate) fn events(&self) -> u64 {
        self.0.iter().map(|(running, _)| running.head()).sum()
    }

    /// Leaves word of who holds the folders, for other processes.
    pub(crate) fn say_holder(&self, holder: &Holder) {
        for (_, sqlite) in &self.0 {
            if let Err(error) = sqlite.set_holder(&holder.to_string()) {
                tracing::warn!(%error, "other processes cannot be told who holds the data folder");
            }
        }
    }

    /// Stops everything, after what it is doing now, and lets the folders go.
    pub(crate) async fn close(self) {
        for (running, sqlite) in self.0 {
            running.close().await;
            let log = sqlite.log();
            if tokio::task::spawn_blocking(move || log.close()).await.is_err() {
                tracing::error!("closing the log failed");
            }
        }
    }
}
