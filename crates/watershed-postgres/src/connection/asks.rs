use tokio_postgres::{Error, Row};

use super::{Connection, Values};

/// Whoever sends statements: a connection of ours, or a transaction of a user's own. Each is sent when its future is first polled.
pub(crate) trait Asks: Sync {
    fn query(
        &self,
        sql: &'static str,
        values: Values<'_>,
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;

    /// Statements without values.
    fn run(&self, sql: &str) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Asks for Connection {
    async fn query(&self, sql: &'static str, values: Values<'_>) -> Result<Vec<Row>, Error> {
        Self::query(self, sql, values).await
    }

    async fn run(&self, sql: &str) -> Result<(), Error> {
        Self::run(self, sql).await
    }
}
