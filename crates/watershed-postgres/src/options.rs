use std::time::Duration;

/// How a store on PostgreSQL is reached, and how it works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where the server is, as libpq says it: `host=db.example user=app dbname=app`, or `postgres://app@db.example/app`.
    pub server: String,
    /// The schema of the tables. It is made where it is not there.
    pub schema: String,
    /// How many connections read.
    pub readers: usize,
    /// How long a group waits for as many appends as the last one had. A lone caller never waits.
    pub gather: Duration,
    /// At most so many appends are committed together.
    pub group: usize,
    /// How often other processes' appends are looked for where no hint of them comes.
    pub poll: Duration,
    /// How long a statement may wait for a lock, and a transaction stand still.
    pub patience: Duration,
}

impl Options {
    /// A server, and everything else as it is good for most.
    #[must_use]
    pub fn new(server: impl Into<String>) -> Self {
        Self {
            server: server.into(),
            schema: "watershed".to_owned(),
            readers: 4,
            gather: Duration::from_micros(100),
            group: 1_024,
            poll: Duration::from_millis(20),
            patience: Duration::from_secs(10),
        }
    }
}
