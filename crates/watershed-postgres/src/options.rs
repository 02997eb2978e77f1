use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::{Settings, Tail};

/// How a store on PostgreSQL is reached, and how it works.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where the server is, as libpq says it: `host=db.example user=app dbname=app`, or `postgres://app@db.example/app`.
    ///
    /// With TLS by `sslmode` (`verify-full` where `sslrootcert` is said and no mode; `prefer` where neither is), `sslrootcert` (a file,
    /// or `system`), `sslcert` and `sslkey`. A password that does not stand here is looked for in `PGPASSWORD`, then in `passfile`,
    /// `PGPASSFILE` or `~/.pgpass`. Files are read again for every connection, so that what they hold may be changed.
    pub server: String,
    /// Standbys of that server, said in the same way. Pages of the log that lie in the past are read from them, as far as they have come,
    /// and rows for questions that say with a token what is new enough.
    pub replicas: Vec<String>,
    /// The schema of the tables. It is made where it is not there.
    pub schema: String,
    /// How many connections read.
    pub readers: usize,
    /// At most so many appends are committed together.
    pub group: usize,
    /// How often other processes' appends are looked for where no hint of them comes.
    pub poll: Duration,
    /// How long a statement may wait for a lock, and a transaction stand still.
    pub patience: Duration,
    /// How long a transaction of a user's own may stand still once it has appended, or one of its statements take, before the server
    /// ends it: everybody else who appends waits for it. From PostgreSQL 17 on also how long it may take altogether from there.
    pub hold: Duration,
    /// How long a statement may take; zero for as long as it likes. Where nothing has come back by then and `patience` after it,
    /// the connection is given up as one that carries nothing any more.
    pub statement: Duration,
    /// The server's storage never tears a page (ZFS, Aurora): `full_page_writes` may be off.
    pub whole_pages: bool,
    /// What a server must still have of the log, where one has been seen already.
    pub(crate) tail: Option<Arc<Tail>>,
}

impl Options {
    /// A server, and everything else as it is good for most.
    #[must_use]
    pub fn new(server: impl Into<String>) -> Self {
        Self {
            server: server.into(),
            replicas: Vec::new(),
            schema: "watershed".to_owned(),
            readers: 4,
            group: 1_024,
            poll: Duration::from_millis(20),
            patience: Duration::from_secs(10),
            hold: Duration::from_secs(3),
            statement: Duration::from_secs(30),
            whole_pages: false,
            tail: None,
        }
    }

    /// The same for statements that may take long.
    pub(crate) fn unhurried(&self) -> Self {
        Self { statement: Duration::ZERO, ..self.clone() }
    }

    /// Where that is, for people: without what is secret.
    #[must_use]
    pub fn place(&self) -> String {
        Settings::place(&self.server)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("server", &self.place())
            .field(
                "replicas",
                &self.replicas.iter().map(|server| Settings::place(server)).collect::<Vec<_>>(),
            )
            .field("schema", &self.schema)
            .field("readers", &self.readers)
            .field("group", &self.group)
            .field("poll", &self.poll)
            .field("patience", &self.patience)
            .field("hold", &self.hold)
            .field("statement", &self.statement)
            .field("whole_pages", &self.whole_pages)
            .finish()
    }
}
