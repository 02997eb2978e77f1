use std::time::Duration;

/// What a server takes and how long it waits. The defaults suit a server on a small machine.
#[derive(Debug, Clone)]
pub struct Options {
    /// The largest body of a request, and the longest line of an import, in bytes. 1 MiB.
    pub max_body: usize,
    /// How deep a body's JSON objects and arrays may stand inside one another. 64.
    pub max_depth: usize,
    /// How long a body may take to arrive; of an import, the longest time without anything arriving. 30 seconds.
    pub body_time: Duration,
    /// How long a request's head may take to arrive, and how long a connection may stay without a request. 30 seconds.
    pub header_time: Duration,
    /// How many connections may be open; more wait to be accepted. 4,096.
    pub max_connections: usize,
    /// How many requests may be worked on at once; more are answered with 503. 2,048.
    pub max_requests: usize,
    /// How many watches may be open; more are answered with 429. 1,024.
    pub max_watches: usize,
    /// How many imports may be under way; more are answered with 429. 16.
    pub max_imports: usize,
    /// The longest silence on a watch. 15 seconds.
    pub heartbeat: Duration,
    /// The shortest time between two looks at a watched row. 10 milliseconds.
    pub watch_interval: Duration,
    /// How long a question waits for rows that a token demands. 2 seconds.
    pub patience: Duration,
    /// How long requests may take to finish once the server has been told to stop. 10 seconds.
    pub drain: Duration,
    /// Listen beyond loopback even where a context's policy allows anybody anything.
    pub expose_unauthenticated: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_body: 1 << 20,
            max_depth: 64,
            body_time: Duration::from_secs(30),
            header_time: Duration::from_secs(30),
            max_connections: 4_096,
            max_requests: 2_048,
            max_watches: 1_024,
            max_imports: 16,
            heartbeat: Duration::from_secs(15),
            watch_interval: Duration::from_millis(10),
            patience: Duration::from_secs(2),
            drain: Duration::from_secs(10),
            expose_unauthenticated: false,
        }
    }
}
