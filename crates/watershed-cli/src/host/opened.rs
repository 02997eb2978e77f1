use std::path::Path;
use std::sync::Arc;

use watershed_core::ports::EventLog;
use watershed_http::{Options, Server};
use watershed_postgres::{PostgresLedger, PostgresLog, PostgresRows, PostgresRowsBesideLog, PostgresTriage};
use watershed_runtime::{Running, Stores};
use watershed_sqlite::{OpenError, Options as StoreOptions, Sqlite, SqliteRows};

use super::audit::{LogAudit, SharedAudit};
use super::holder::Holder;
use crate::error::CliError;
use crate::program::{Hosted, Program};
use crate::settings::{Role, Rows, Settings};

/// The program's contexts, running on their stores.
pub(crate) struct Opened(Vec<Context>);

struct Context {
    running: Running,
    /// Its folder, which this process holds.
    folder: Sqlite,
    /// Its log, where that is not in the folder.
    shared: Option<Arc<PostgresLog>>,
}

/// Whether a context's data is there.
pub(crate) fn is_data_folder(folder: &Path) -> bool {
    folder.join("log.db").exists()
}

impl Opened {
    /// Opens every context's stores, and makes what is not there.
    pub(crate) async fn open(program: &Program, settings: &Settings, role: Role) -> Result<Self, CliError> {
        let mut opened = Vec::with_capacity(program.contexts.len());
        for context in &program.contexts {
            opened.push(Context::open(context, settings, role).await?);
        }
        Ok(Self(opened))
    }

    /// A server of them.
    pub(crate) fn server(&self, options: Options) -> Server {
        let running = self.0.iter().map(|context| context.running.clone()).collect();
        self.0.iter().fold(Server::new(running, options), |server, context| {
            let name = context.running.name();
            match &context.shared {
                Some(log) => server.audit(name, SharedAudit(log.clone())),
                None => server.audit(name, LogAudit(context.folder.log())),
            }
        })
    }

    /// How many events there are in all.
    pub(crate) fn events(&self) -> u64 {
        self.0.iter().map(|context| context.running.head()).sum()
    }

    /// Leaves word of who holds the folders, for other processes.
    pub(crate) fn say_holder(&self, holder: &Holder) {
        for context in &self.0 {
            if let Err(error) = context.folder.set_holder(&holder.to_string()) {
                tracing::warn!(%error, "other processes cannot be told who holds the data folder");
            }
        }
    }

    /// Stops everything, after what it is doing now, and lets the folders go.
    pub(crate) async fn close(self) {
        for Context { running, folder, shared } in self.0 {
            running.close().await;
            drop(shared);
            let log = folder.log();
            if tokio::task::spawn_blocking(move || log.close()).await.is_err() {
                tracing::error!("closing the log failed");
            }
        }
    }
}

impl Context {
    async fn open(context: &Hosted, settings: &Settings, role: Role) -> Result<Self, CliError> {
        let shared = match settings.store.options(context.name) {
            Some(options) => Some(Arc::new(PostgresLog::open(options).await?)),
            None => None,
        };
        let folder = Sqlite::open(settings.data.join(context.name), StoreOptions::default())?;
        let rows = SqliteRows::open(folder.path()).map_err(|error| OpenError::Store {
            path: folder.path().to_owned(),
            problem: error.to_string(),
        })?;
        let mut stores = Stores {
            log: folder.log(),
            rows: Arc::new(rows),
            ledger: folder.ledger(),
            triage: folder.triage(),
            beside_log: Some(folder.rows_beside_log()),
            tables: Some(folder.tables()),
        };
        match (&shared, settings.store.options(context.name)) {
            (Some(log), Some(options)) => {
                stores.log = log.clone();
                // Inline rows are committed with the log, and saved states are beside it.
                stores.beside_log = None;
                stores.tables = Some(log.tables());
                match settings.store.rows {
                    Rows::Folder => folder.set_rows_of(log.identity())?,
                    Rows::Server => {
                        stores.rows = Arc::new(PostgresRows::open(options.clone()).await?);
                        stores.ledger = Arc::new(PostgresLedger::open(options.clone()).await?);
                        stores.triage = Arc::new(PostgresTriage::open(options.clone()).await?);
                        stores.beside_log = Some(Arc::new(PostgresRowsBesideLog::open(options).await?));
                    }
                }
            }
            _ => folder.has_own_rows()?,
        }
        let running = settings.node.told((context.make)(), role).start(stores).await?;
        Ok(Self { running, folder, shared })
    }
}
