//! The lines that imports could not take, in a table.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use tokio_postgres::Row;
use watershed_core::ports::{BadLine, KeptLine, KeptLines, Later, RowError, Triage, WhichLines};
use watershed_core::{Tenant, Timestamp};
use watershed_store::{FAR, from_sql, to_sql};

use crate::connection::Connection;
use crate::error::OpenError;
use crate::migrate::{TRIAGE, bring_up};
use crate::options::Options;
use crate::rows::{Failure, Lent, Pool, without_nul};

/// Two who keep the same lines in different orders would wait for each other.
const BEGIN: &str = "BEGIN; LOCK TABLE triage IN SHARE ROW EXCLUSIVE MODE";
const KEEP: &str = include_str!("sql/triage_keep.sql");
const LIST: &str = include_str!("sql/triage_list.sql");
const RELEASE: &str = include_str!("sql/triage_release.sql");

/// The triage in a schema of a PostgreSQL database.
pub struct PostgresTriage(Arc<Pool>);

impl fmt::Debug for PostgresTriage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresTriage({})", self.0.options().schema)
    }
}

impl PostgresTriage {
    /// The triage in that schema, which is made where it is not there.
    ///
    /// # Errors
    /// Where the server cannot be reached, or the table cannot be made.
    pub async fn open(mut options: Options) -> Result<Self, OpenError> {
        let connection = Connection::open(&options).await?;
        bring_up(&connection, &options, &[TRIAGE]).await?;
        options.readers = 1;
        Ok(Self(Arc::new(Pool::new(&options))))
    }

    async fn keep_now(&self, lines: &[BadLine]) -> Result<Vec<u64>, Failure> {
        let lent = self.0.lend().await?;
        lent.run(BEGIN).await?;
        let kept = keep_all(&lent, lines).await;
        lent.end(kept).await
    }
}

/// What tells lines apart.
type Which<'a> = (&'a str, &'a str, [u8; 16]);

fn which(line: &BadLine) -> Which<'_> {
    (&line.import, line.tenant.as_str(), hash_of(line))
}

/// A line, and how often and since when it has come in one go.
struct Coming<'a> {
    line: &'a BadLine,
    hash: [u8; 16],
    times: i64,
    since: i64,
}

async fn keep_all(lent: &Lent, lines: &[BadLine]) -> Result<Vec<u64>, Failure> {
    let mut all: Vec<Coming<'_>> = Vec::with_capacity(lines.len());
    let mut places: HashMap<Which<'_>, usize> = HashMap::with_capacity(lines.len());
    for line in lines {
        let place = *places.entry(which(line)).or_insert(all.len());
        match all.get_mut(place) {
            // What its latest coming says.
            Some(coming) => (coming.line, coming.times) = (line, coming.times + 1),
            None => all.push(Coming { line, hash: hash_of(line), times: 1, since: line.at.as_micros() }),
        }
    }
    let texts = |of: fn(&BadLine) -> &str| all.iter().map(|coming| of(coming.line)).collect::<Vec<_>>();
    let words = |of: fn(&BadLine) -> &str| texts(of).into_iter().map(without_nul).collect::<Vec<_>>();
    let numbers = |of: fn(&Coming<'_>) -> i64| all.iter().map(of).collect::<Vec<_>>();
    let sources: Vec<_> = all.iter().map(|coming| coming.line.source.as_deref().map(without_nul)).collect();
    let kept = lent
        .query(
            KEEP,
            &[
                &texts(|line| line.tenant.as_str()),
                &texts(|line| &line.import),
                &all.iter().map(|coming| &coming.hash[..]).collect::<Vec<_>>(),
                &all.iter().map(|coming| &coming.line.content[..]).collect::<Vec<_>>(),
                &numbers(|coming| to_sql(coming.line.bytes.min(FAR))),
                &sources,
                &numbers(|coming| to_sql(coming.line.line.min(FAR))),
                &words(|line| &line.code),
                &words(|line| &line.reason),
                &numbers(|coming| coming.times),
                &numbers(|coming| coming.since),
                &numbers(|coming| coming.line.at.as_micros()),
            ],
        )
        .await?;
    let mut found: Vec<u64> = vec![0; all.len()];
    for row in &kept {
        let (import, tenant, hash): (&str, &str, &[u8]) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        if let Ok(hash) = hash.try_into()
            && let Some(place) = places.get(&(import, tenant, hash))
        {
            found[*place] = from_sql(row.try_get(0)?);
        }
    }
    Ok(lines.iter().map(|line| places.get(&which(line)).map_or(0, |place| found[*place])).collect())
}

impl Triage for PostgresTriage {
    fn keep(&self, lines: Vec<BadLine>) -> Later<'_, Result<Vec<u64>, RowError>> {
        Box::pin(async move { Ok(self.keep_now(&lines).await?) })
    }

    fn list(&self, which: WhichLines) -> Later<'_, Result<KeptLines, RowError>> {
        Box::pin(async move {
            let (after, limit) = (to_sql(which.after.min(FAR)), i64::from(which.limit));
            let content = i32::try_from(which.content).unwrap_or(i32::MAX);
            let found = self.0.query(LIST, &[&which.import, &after, &limit, &content]).await?;
            let total = found.first().map_or(Ok(0), |row| row.try_get::<_, i64>(0));
            let read = |row: &Row| read(row, &which.import).transpose();
            let lines: Result<Vec<KeptLine>, _> = found.iter().filter_map(read).collect();
            Ok(KeptLines {
                lines: lines.map_err(Failure::from)?,
                total: from_sql(total.map_err(Failure::from)?),
            })
        })
    }

    fn release<'a>(&'a self, import: &'a str, number: u64) -> Later<'a, Result<bool, RowError>> {
        Box::pin(async move {
            let lent = self.0.lend().await?;
            let released = lent.execute(RELEASE, &[&import, &to_sql(number.min(FAR))]).await;
            let released = released.map_err(Failure::from)?;
            lent.give_back();
            Ok(released > 0)
        })
    }
}

/// Stands for the whole line as far as it is known: two long lines that begin alike differ by their length as a rule.
fn hash_of(line: &BadLine) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&line.bytes.to_le_bytes());
    hasher.update(&line.content);
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    hash
}

fn read(row: &Row, import: &str) -> Result<Option<KeptLine>, tokio_postgres::Error> {
    let Some(number) = row.try_get::<_, Option<i64>>(1)? else { return Ok(None) };
    let tenant: &str = row.try_get(2)?;
    Ok(Some(KeptLine {
        number: from_sql(number),
        times: from_sql(row.try_get(9)?),
        since: Timestamp::from_micros(row.try_get(10)?),
        line: BadLine {
            tenant: Tenant::stored(tenant.into()),
            import: import.to_owned(),
            content: row.try_get(3)?,
            bytes: from_sql(row.try_get(4)?),
            source: row.try_get(5)?,
            line: from_sql(row.try_get(6)?),
            code: row.try_get(7)?,
            reason: row.try_get(8)?,
            at: Timestamp::from_micros(row.try_get(11)?),
        },
    }))
}
