use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coop::family::{Family, FamilyCommand};
use coop::queries::GetFamily;
use coop::views::FamilyDetail;
use tempfile::TempDir;
use tokio::task::JoinSet;
use watershed::core::ports::EventLog;
use watershed::core::{AllowAll, Position};
use watershed::runtime::{Context, Running, Stores};
use watershed_postgres::Options;

use super::commands::{enroll, family, key};
use super::computed::Computed;
use super::rollups::{Engagement, Everybody, Paid, PaidByAll, Payers, Tiers};
use crate::error::Problem;
use crate::lab::Lab;
use crate::load::{commands, commands_from};
use crate::stats::Load;

/// Numbers from here on are those of commands that prepare.
const PREPARING: u64 = 1 << 60;

/// What a co-op keeps beside its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Views {
    /// Nothing: commands alone.
    None,
    /// The detail of each family.
    Detail,
    /// The detail, and three rollups of it.
    RolledUp,
    /// The detail, and a rollup of it with one large group.
    OneGroup,
    /// A number that each event computes for long.
    Computed,
    /// What each has paid, in the payments' own transactions.
    Paid,
    /// The same, and a rollup of it with one large group.
    PaidByAll,
    /// Everything that it has.
    All,
}

impl Views {
    /// The views whose positions are those of all groups.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            // Inline views are there with their events.
            Self::None | Self::Paid | Self::PaidByAll => &[],
            Self::Detail | Self::RolledUp | Self::OneGroup => &["family_detail"],
            Self::Computed => &["bench_computed"],
            Self::All => &["family_detail", "at_risk_families", "family_month"],
        }
    }

    fn context(self) -> Context {
        let bare = || Context::new("coop").aggregate::<Family>();
        match self {
            Self::None => bare(),
            Self::Detail => bare().read_models::<(FamilyDetail,)>().queries::<(GetFamily,)>(),
            Self::RolledUp => {
                bare().read_models::<(FamilyDetail,)>().rollups::<(Tiers, Payers, Engagement)>()
            }
            Self::OneGroup => bare().read_models::<(FamilyDetail,)>().rollups::<(Everybody,)>(),
            Self::Computed => bare().read_models::<(Computed,)>(),
            Self::Paid => bare().read_models::<(Paid,)>(),
            Self::PaidByAll => bare().read_models::<(Paid,)>().rollups::<(PaidByAll,)>(),
            Self::All => coop::context(),
        }
        .policy(AllowAll)
    }
}

/// A running co-op. Its folder goes when the [`TempDir`] does.
pub(crate) struct Coop {
    /// The context.
    pub(crate) running: Running,
    /// What of it is kept.
    pub(crate) views: Views,
    log: Arc<dyn EventLog>,
}

impl Coop {
    /// Starts the co-op whose data lies in `dir`.
    pub(crate) async fn start(dir: &Path, views: Views) -> Result<Self, Problem> {
        let stores = watershed::embedded(dir).map_err(Problem::product)?;
        Self::over(stores, views).await
    }

    /// Starts the co-op on that log, with its rows in `dir`.
    pub(crate) async fn on(log: Arc<dyn EventLog>, dir: &Path, views: Views) -> Result<Self, Problem> {
        let stores = watershed::embedded(dir).map_err(Problem::product)?;
        Self::over(Stores { log, beside_log: None, tables: None, ..stores }, views).await
    }

    /// Starts a node of a co-op that has everything on that server.
    pub(crate) async fn node(options: Options, views: Views, name: &str) -> Result<Self, Problem> {
        let stores = watershed::on_postgres(options).await.map_err(Problem::product)?;
        let log = stores.log.clone();
        let running = views.context().node(name).start(stores).await.map_err(Problem::product)?;
        Ok(Self { running, views, log })
    }

    /// Whether this node, of those that share the rows, keeps those of the view.
    pub(crate) async fn keeps(&self, view: &str) -> Result<bool, Problem> {
        let Some((own, nodes)) = self.running.nodes().await.map_err(Problem::product)? else {
            return Ok(true);
        };
        Ok(nodes
            .leases
            .iter()
            .any(|lease| lease.seat.contains(view) && lease.node == own && !lease.left.is_zero()))
    }

    async fn over(stores: Stores, views: Views) -> Result<Self, Problem> {
        let log = stores.log.clone();
        let running = views.context().start(stores).await.map_err(Problem::product)?;
        Ok(Self { running, views, log })
    }

    /// Starts a co-op in an empty folder and has so many families enrolled.
    pub(crate) async fn with_families(
        lab: &Lab,
        views: Views,
        families: u64,
    ) -> Result<(Self, TempDir), Problem> {
        let dir = lab.dir()?;
        let coop = Self::start(dir.path(), views).await?;
        coop.enroll(0..families).await?;
        coop.caught_up().await?;
        Ok((coop, dir))
    }

    /// Has the families with these numbers enrolled.
    pub(crate) async fn enroll(&self, families: Range<u64>) -> Result<(), Problem> {
        let mut tasks = JoinSet::new();
        for number in families {
            let running = self.running.clone();
            tasks.spawn(async move {
                let command = enroll(family(number));
                running.send(command).key(key(PREPARING + number)).await.map_err(Problem::product)
            });
            if tasks.len() >= 256
                && let Some(done) = tasks.join_next().await
            {
                done.map_err(|_| Problem::Panicked("an enrolment"))??;
            }
        }
        while let Some(done) = tasks.join_next().await {
            done.map_err(|_| Problem::Panicked("an enrolment"))??;
        }
        Ok(())
    }

    /// Waits until everything that stands in the log is in every view.
    pub(crate) async fn caught_up(&self) -> Result<(), Problem> {
        let head = self.log.head();
        for view in self.views.names() {
            self.running.changed(view, head.saturating_sub(1)).await.map_err(Problem::product)?;
        }
        Ok(())
    }

    /// The position up to which every view is folded.
    pub(crate) async fn position(&self) -> Result<Position, Problem> {
        let mut lowest = self.log.head();
        for view in self.views.names() {
            // Past 0 at once: whoever asks has had families enrolled.
            lowest = lowest.min(self.running.changed(view, 0).await.map_err(Problem::product)?);
        }
        Ok(lowest)
    }

    /// Has `callers` send commands for so long, each with an idempotency key of its own. `command` makes the command of a
    /// number that no other command has.
    pub(crate) async fn load<C>(&self, callers: u64, time: Duration, command: C) -> Result<Load, Problem>
    where
        C: Fn(u64) -> FamilyCommand + Clone + Send + 'static,
    {
        commands(&self.running, callers, time, command).await
    }

    /// The same with numbers from `first` on.
    pub(crate) async fn load_from<C>(
        &self,
        first: u64,
        callers: u64,
        time: Duration,
        command: C,
    ) -> Result<Load, Problem>
    where
        C: Fn(u64) -> FamilyCommand + Clone + Send + 'static,
    {
        commands_from(&self.running, first, callers, time, command).await
    }

    /// The log.
    pub(crate) fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    /// Stops everything.
    pub(crate) async fn close(self) {
        self.running.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw;

    #[test]
    fn the_raw_baseline_has_the_products_own_columns() {
        let lab_dir = tempfile::tempdir().unwrap();
        let lab = Lab::new(lab_dir.path().to_owned(), true).unwrap();
        let ours = lab.dir().unwrap();
        let product = lab.dir().unwrap();
        let raw = raw::fill(ours.path(), 1, 1).unwrap();
        lab.runtime().unwrap().block_on(async {
            let coop = Coop::start(product.path(), Views::None).await.unwrap();
            coop.close().await;
        });
        let columns = |path: &Path| -> Vec<(String, String)> {
            let connection = rusqlite::Connection::open(path).unwrap();
            let mut info = connection.prepare("SELECT name, type FROM pragma_table_info('events')").unwrap();
            let rows = info.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.map(Result::unwrap).collect()
        };
        assert_eq!(columns(&raw), columns(&product.path().join("log.db")));
    }

    #[test]
    fn the_rows_that_are_compared_are_about_as_wide() {
        let lab_dir = tempfile::tempdir().unwrap();
        let lab = Lab::new(lab_dir.path().to_owned(), true).unwrap();
        let ours = lab.dir().unwrap();
        let product = lab.dir().unwrap();
        let raw = raw::fill(ours.path(), 100, 10).unwrap();
        lab.runtime().unwrap().block_on(async {
            let coop = Coop::start(product.path(), Views::None).await.unwrap();
            coop.enroll(0..1).await.unwrap();
            coop.load(1, Duration::from_millis(200), |number| super::super::risk(family(0), number))
                .await
                .unwrap();
            coop.close().await;
        });
        let width = |path: &Path| -> f64 {
            let connection = rusqlite::Connection::open(path).unwrap();
            let sql = "SELECT avg(length(payload) + length(stream) + length(name) + length(idem_key)) FROM events \
                       WHERE version > 1 OR name <> 'coop.family.enrolled'";
            connection.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        let (raw, product) = (width(&raw), width(&product.path().join("log.db")));
        assert!((raw / product - 1.0).abs() < 0.15, "raw {raw}, product {product}");
    }
}
