use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::{Client, Transaction};
use watershed_core::ports::{Append, EventLog, Idempotency, NewEvent, ReadFrom, Scope};
use watershed_core::{StoredEvent, Tag};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;
pub(crate) use watershed_testkit::postgres::client;
use watershed_testkit::things::{append_to, happened};

/// A server with a log, and a table of the user's.
pub(crate) struct Lab {
    pub(crate) server: Postgres,
    pub(crate) log: Arc<PostgresLog>,
}

impl Lab {
    pub(crate) async fn start() -> Self {
        let server = Postgres::start();
        let log = Arc::new(PostgresLog::open(Options::new(server.server())).await.unwrap());
        server.sql("CREATE TABLE things (id bigint PRIMARY KEY, said text NOT NULL)");
        Self { server, log }
    }

    /// Another process, as far as the database can tell.
    pub(crate) async fn other(&self) -> Arc<PostgresLog> {
        Arc::new(PostgresLog::open(self.log.options().clone()).await.unwrap())
    }

    pub(crate) async fn client(&self) -> Client {
        client(&self.server.server()).await
    }

    /// How many things there are, and how many events.
    pub(crate) fn there(&self) -> (usize, usize) {
        let sql = "SELECT (SELECT count(*) FROM things) || ' ' || (SELECT count(*) FROM watershed.events)";
        let counts = self.server.sql(sql);
        let (things, events) = counts.split_once(' ').unwrap();
        (things.parse().unwrap(), events.parse().unwrap())
    }

    /// Every position from the first to the last is there once, every link and checksum holds.
    pub(crate) async fn assert_sound(&self, events: u64) {
        let verified = self.log.verify(&mut |_, _| {}).await.unwrap();
        assert_eq!(verified.head, events);
        let counted = self.server.sql("SELECT count(*) || ' ' || max(position) FROM watershed.events");
        assert_eq!(counted, format!("{events} {events}"));
    }

    /// How often the server has ended somebody's statement because of a deadlock. Ends all connections.
    pub(crate) fn deadlocks(&self) -> String {
        // What backends have counted is told when they end, or seconds later.
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        self.server.sql(end);
        std::thread::sleep(Duration::from_millis(1_200));
        self.server.sql("SELECT sum(deadlocks) FROM pg_stat_database")
    }
}

/// The user's own change.
pub(crate) async fn put(transaction: &Transaction<'_>, id: u64) {
    let id = i64::try_from(id).unwrap();
    transaction.execute("INSERT INTO public.things VALUES ($1, 'own')", &[&id]).await.unwrap();
}

/// One event, of that number, in one of fifty streams.
pub(crate) fn append(id: u64) -> Append {
    let happened = happened(id, &format!("{{\"id\":{id}}}"));
    append_to(format!("s{}", id % 50), vec![NewEvent { tags: vec![Tag::new("number", id)], ..happened }])
}

pub(crate) fn keyed(id: u64, key: &str) -> Append {
    Append { idempotency: Some(Idempotency { key: key.into(), fingerprint: [7; 16] }), ..append(id) }
}

pub(crate) async fn events(log: &PostgresLog, scope: Scope) -> Vec<Arc<StoredEvent>> {
    let mut all = Vec::new();
    loop {
        let page = ReadFrom { scope: scope.clone(), after: all.len() as u64, limit: 5_000 };
        let page = watershed_core::ports::LogReader::read(log, page).await.unwrap();
        all.extend(page.events);
        if page.complete {
            return all;
        }
    }
}

/// How others fare: an append that nobody may hold up for long.
pub(crate) async fn goes_on(log: &PostgresLog, id: u64) {
    let appended = tokio::time::timeout(Duration::from_secs(1), log.append(append(id))).await;
    assert!(appended.is_ok_and(|appended| appended.is_ok()), "others are held up");
}
