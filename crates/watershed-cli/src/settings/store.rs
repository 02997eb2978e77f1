use std::time::Duration;

use serde::Deserialize;
use watershed_postgres::Options;

/// `[store]`: where the log is, where it is not in the data folder.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Store {
    /// A server, as libpq says it: `postgres://app@db.example/app?sslmode=verify-full`.
    pub(crate) url: Option<String>,
    /// Standbys of it, said in the same way.
    replicas: Vec<String>,
    /// Each context has a schema: this, an underscore, and its name.
    schema: String,
    /// How many connections read, for each context.
    readers: usize,
    patience_ms: u64,
    statement_ms: u64,
    whole_pages: bool,
    /// Where the rows are.
    pub(crate) rows: Rows,
}

/// Where rows, operators' decisions and kept lines are, where the log is on a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Rows {
    /// Beside the log: each group is kept by one of the processes that share them.
    #[default]
    Server,
    /// In each node's data folder: every node folds everything.
    Folder,
}

impl Default for Store {
    fn default() -> Self {
        let Options { schema, readers, patience, statement, whole_pages, .. } = Options::new("");
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            url: None,
            replicas: Vec::new(),
            schema,
            readers,
            patience_ms: millis(patience),
            statement_ms: millis(statement),
            whole_pages,
            rows: Rows::default(),
        }
    }
}

/// Without what is secret.
impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("url", &self.place())
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// The schema of a context's tables.
    pub(crate) fn schema(&self, context: &str) -> String {
        format!("{}_{context}", self.schema)
    }

    /// How a context's log is opened; none where it is in the data folder.
    pub(crate) fn options(&self, context: &str) -> Option<Options> {
        let mut options = Options::new(self.url.clone()?);
        options.schema = self.schema(context);
        options.readers = self.readers;
        options.replicas.clone_from(&self.replicas);
        options.patience = Duration::from_millis(self.patience_ms);
        options.statement = Duration::from_millis(self.statement_ms);
        options.whole_pages = self.whole_pages;
        Some(options)
    }

    /// Where that is, for people: without what is secret.
    pub(crate) fn place(&self) -> Option<String> {
        Some(Options::new(self.url.clone()?).place())
    }
}
