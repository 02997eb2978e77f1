//! Who keeps which rows: a row for each seat. Its time is the database's.

use std::time::Duration;

use watershed_core::ports::{Later, Lease, LeaseTerms, Leases, Node, Nodes, NodesSeen, RowError, Seats};
use watershed_store::{from_sql, to_sql};

use super::failure::Failure;
use super::group::Group;
use super::store::PostgresRows;

const RENEW: &str = include_str!("sql/lease_renew.sql");
const TAKE: &str = include_str!("sql/lease_take.sql");
const ASK: &str = include_str!("sql/lease_ask.sql");
const GIVE_UP: &str = include_str!("sql/lease_give_up.sql");
const LEAVE: &str = include_str!("sql/node_leaves.sql");
const LEASES: &str = include_str!("sql/lease_list.sql");
const NODES: &str = include_str!("sql/node_list.sql");
const FENCE: &str = include_str!("sql/fence.sql");

impl NodesSeen for PostgresRows {
    fn nodes(&self) -> Later<'_, Result<Nodes, RowError>> {
        Box::pin(async move { Ok(self.list().await?) })
    }
}

impl Leases for PostgresRows {
    fn renew<'a>(&'a self, node: &'a str, term: Duration) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            self.pool.query(RENEW, &[&node, &term.as_secs_f64()]).await?;
            Ok(())
        })
    }

    fn take<'a>(
        &'a self,
        seat: &'a str,
        node: &'a str,
        terms: LeaseTerms,
    ) -> Later<'a, Result<Option<u64>, RowError>> {
        Box::pin(async move {
            if let Some(asks) = terms.asks {
                self.pool.query(ASK, &[&seat, &node, &asks.as_secs_f64()]).await?;
            }
            let taken = self.pool.query(TAKE, &[&seat, &node, &terms.term.as_secs_f64()]).await?;
            Ok(taken.first().map(|row| row.try_get(0).map(from_sql)).transpose().map_err(Failure::from)?)
        })
    }

    fn give_up<'a>(&'a self, node: &'a str, seats: Seats<'a>) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            let seat = match seats {
                Seats::One(seat) => Some(seat),
                Seats::All => None,
            };
            self.pool.query(GIVE_UP, &[&node, &seat]).await?;
            if seat.is_none() {
                self.pool.query(LEAVE, &[&node]).await?;
            }
            Ok(())
        })
    }
}

impl PostgresRows {
    async fn list(&self) -> Result<Nodes, Failure> {
        let mut all = Nodes::default();
        for row in self.pool.query(NODES, &[]).await? {
            all.nodes.push(Node { name: row.try_get(0)?, heard: seconds(row.try_get(1)?) });
        }
        for row in self.pool.query(LEASES, &[]).await? {
            all.leases.push(Lease {
                seat: row.try_get(0)?,
                node: row.try_get(1)?,
                epoch: from_sql(row.try_get(2)?),
                left: seconds(row.try_get(3)?),
                wanted: row.try_get(4)?,
            });
        }
        Ok(all)
    }
}

/// No lease is held, and no node away, for longer than a day.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.clamp(0.0, 86_400.0)).unwrap_or_default()
}

impl Group {
    /// Writes under this epoch from now on, once nobody writes under an earlier one any more.
    pub(super) async fn fence(&self, epoch: u64) -> Result<(), Failure> {
        let _one_at_a_time = self.writing.lock().await;
        let number = i64::from(self.edition.number);
        let lent = self.pool.lend().await?;
        let raised = lent.query(FENCE, &[&self.edition.name, &number, &to_sql(epoch)]).await?;
        lent.give_back();
        let present = raised.first().map(|row| row.try_get(0).map(from_sql)).transpose()?;
        self.set_epoch(epoch);
        self.is_fenced(present.unwrap_or(epoch)).map_err(Failure::from)
    }

    /// Refuses where somebody else has come to keep the group.
    pub(super) fn is_fenced(&self, present: u64) -> Result<(), RowError> {
        if present > self.epoch() { Err(RowError::Fenced) } else { Ok(()) }
    }
}
