use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};
use watershed_postgres::Options;
use watershed_testkit::postgres::{Postgres, Setup};

use crate::error::Problem;

/// A PostgreSQL server of this machine, reached by its socket. It is gone when this is dropped.
pub(crate) struct Server {
    server: Postgres,
    schemas: AtomicU32,
}

impl Server {
    pub(crate) fn start() -> Self {
        let setup = Setup::default().setting("shared_buffers=512MB").setting("max_wal_size=4GB");
        Self { server: setup.start(), schemas: AtomicU32::new(0) }
    }

    /// Leads to a schema where nothing stands yet.
    pub(crate) fn options(&self) -> Options {
        let mut options = Options::new(self.server.socket());
        options.schema = self.schema("ours");
        options
    }

    fn schema(&self, name: &str) -> String {
        format!("{name}{}", self.schemas.fetch_add(1, Ordering::Relaxed))
    }

    /// A schema for plain tables, and a connection that works in it.
    pub(super) async fn plain(&self) -> Result<(String, Client), Problem> {
        let schema = self.schema("plain");
        let client = connect(&self.server.socket()).await?;
        client.batch_execute(&format!("CREATE SCHEMA {schema}; SET search_path TO {schema}")).await?;
        Ok((schema, client))
    }

    /// A connection that works in that schema.
    pub(super) async fn within(&self, schema: &str) -> Result<Client, Problem> {
        let client = connect(&self.server.socket()).await?;
        client.batch_execute(&format!("SET search_path TO {schema}")).await?;
        Ok(client)
    }
}

async fn connect(server: &str) -> Result<Client, Problem> {
    let (client, driver) = tokio_postgres::connect(server, NoTls).await?;
    tokio::spawn(driver);
    Ok(client)
}
