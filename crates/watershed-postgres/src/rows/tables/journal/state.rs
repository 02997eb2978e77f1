use uuid::Uuid;
use watershed_core::ports::{JournalEnd, JournalMark};
use watershed_store::{from_sql, to_sql};

use super::super::super::failure::Failure;
use crate::connection::Connection;

const GET: &str = include_str!("../../sql/journal_get.sql");
pub(super) const PUT: &str = include_str!("../../sql/journal_put.sql");
const REMOVE: &str = include_str!("../../sql/journal_remove.sql");
const FORGET: &str = include_str!("../../sql/changes_forget.sql");

/// What stands in `journals` of one group.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(super) tables: Vec<String>,
    pub(super) number: u64,
    pub(super) link: u64,
    pub(super) forgotten: u64,
    pub(super) forgotten_link: u64,
    pub(super) generation: u64,
}

impl State {
    /// A journal without entries. It begins with chance, so that no two journals share a place.
    pub(super) fn begin(tables: Vec<String>) -> Self {
        let chance = Uuid::new_v4().as_u64_pair();
        let link = chance.0 ^ chance.1;
        Self { tables, number: 0, link, forgotten: 0, forgotten_link: link, generation: 1 }
    }

    pub(super) async fn stored(connection: &Connection, id: i64) -> Result<Option<Self>, Failure> {
        let found = connection.query(GET, &[&id]).await?;
        let Some(row) = found.first() else { return Ok(None) };
        let number = |at: usize| row.try_get::<_, i64>(at).map(from_sql);
        Ok(Some(Self {
            tables: row.try_get(0)?,
            number: number(1)?,
            link: number(2)?,
            forgotten: number(3)?,
            forgotten_link: number(4)?,
            generation: number(5)?,
        }))
    }

    pub(super) async fn put(&self, connection: &Connection, id: i64) -> Result<(), Failure> {
        let numbers = self.numbers();
        connection
            .execute(
                PUT,
                &[&id, &self.tables, &numbers[0], &numbers[1], &numbers[2], &numbers[3], &numbers[4]],
            )
            .await?;
        Ok(())
    }

    /// What it is kept as, behind the group and the tables.
    pub(super) fn numbers(&self) -> [i64; 5] {
        [self.number, self.link, self.forgotten, self.forgotten_link, self.generation].map(to_sql)
    }

    pub(super) async fn remove(connection: &Connection, id: i64) -> Result<(), Failure> {
        forget(connection, id, i64::MAX).await?;
        connection.execute(REMOVE, &[&id]).await?;
        Ok(())
    }

    pub(super) fn end(&self) -> JournalEnd {
        let mark = JournalMark { slice: 0, number: self.number, link: self.link };
        JournalEnd { mark, generation: self.generation }
    }
}

/// Deletes the entries up to that number. Answers with how many there were.
pub(super) async fn forget(connection: &Connection, id: i64, until: i64) -> Result<u64, Failure> {
    Ok(connection.execute(FORGET, &[&id, &until]).await?)
}
