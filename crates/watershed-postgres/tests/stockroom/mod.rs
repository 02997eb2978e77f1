//! Counts in a table of the user's own, on PostgreSQL.

use std::path::Path;
use std::sync::Arc;

use watershed::core::ports::SchemaStep;
use watershed::prelude::*;
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[event(category = "count", prefix = "counts.count")]
pub(crate) enum CountEvent {
    Added { by: i64 },
}

#[derive(Tables, Default, Debug)]
#[tables(table = "counts", tenant = "tenant", id = "count_id", version = "version")]
pub(crate) struct Count {
    total: i64,
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Count, id = id)]
pub(crate) enum CountCommand {
    Add { id: String, by: i64 },
}

#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "counts.count")]
pub(crate) enum CountRefusal {
    #[refusal("it would be below zero")]
    Below,
}

impl Aggregate for Count {
    type Command = CountCommand;
    type Event = CountEvent;
    type Refusal = CountRefusal;

    fn decide(&self, command: &CountCommand, _: &Cx) -> Decided<Self> {
        let CountCommand::Add { by, .. } = command;
        match self.total + by {
            below if below < 0 => Err(CountRefusal::Below),
            _ if *by == 0 => Ok(vec![]),
            _ => Ok(vec![CountEvent::Added { by: *by }]),
        }
    }

    fn evolve(&mut self, event: &CountEvent) {
        let CountEvent::Added { by } = event;
        self.total += by;
    }

    fn storage() -> Storage<Self> {
        Storage::tables()
    }
}

const TABLES: SchemaStep = SchemaStep {
    number: 1,
    sqlite: "",
    postgres: "CREATE TABLE counts (tenant text, count_id text, total integer NOT NULL CHECK (total >= 0),
        version bigint NOT NULL DEFAULT 0, PRIMARY KEY (tenant, count_id))",
};

pub(crate) fn options(server: &Postgres, schema: &str) -> Options {
    let mut options = Options::new(server.server());
    schema.clone_into(&mut options.schema);
    options
}

/// A node; what is only its own is in that folder.
pub(crate) async fn start(options: &Options, folder: &Path) -> Running {
    start_on(Arc::new(PostgresLog::open(options.clone()).await.unwrap()), folder).await
}

/// The same on a log that is open.
pub(crate) async fn start_on(log: Arc<PostgresLog>, folder: &Path) -> Running {
    let own = watershed::embedded(folder).unwrap();
    let stores = Stores { tables: Some(log.tables()), log, beside_log: None, ..own };
    let counts = Context::new("counts").policy(AllowAll).tables_sql(TABLES).aggregate::<Count>();
    counts.start(stores).await.unwrap()
}
