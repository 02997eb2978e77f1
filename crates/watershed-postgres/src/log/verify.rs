//! Goes through the whole log and checks everything that it says of itself: every event, every link, and that what events are
//! found by (streams, idempotency keys, tags) is what they say.

use std::collections::HashSet;

use tokio_postgres::Row;
use uuid::Uuid;
use watershed_core::ports::{LogError, NameCache};
use watershed_core::{LogIdentity, Position, StoredEvent};
use watershed_store::{Verified, Walk, as_link, checksum, from_sql, to_sql, wrong_link};

use super::names;
use super::row::read_event;
use crate::connection::Connection;
use crate::error::store_error;

/// Rows that are read at once.
const PAGE: i64 = 2_000;

/// Verifies the log up to its present head.
pub(super) async fn verify(
    connection: &Connection,
    identity: LogIdentity,
    progress: &mut dyn FnMut(Position, Position),
) -> Result<Verified, LogError> {
    let failed = |error: tokio_postgres::Error| store_error(&error);
    let end = connection.query(include_str!("sql/select_end.sql"), &[]).await.map_err(failed)?;
    let end = end.first().ok_or_else(|| LogError::Unreadable("it has no head".to_owned()))?;
    let head = from_sql(end.get(0));
    let mut walk = Walk::new(identity);
    let (mut names, mut bytes, mut tags) = (NameCache::default(), Vec::new(), Tally::default());
    while walk.position() < head {
        let sql = include_str!("sql/select_whole.sql");
        let (after, until) = (to_sql(walk.position()), to_sql(head));
        let rows = connection.query(sql, &[&after, &until, &PAGE]).await.map_err(failed)?;
        if rows.is_empty() {
            return Err(LogError::Hole { after: walk.position(), found: head });
        }
        for row in &rows {
            let event = read_event(row, &mut names, &mut bytes)?;
            walk.pass(event.position, &bytes, cell(row, 20, event.position)?)?;
            check_names(row, &event, &mut tags)?;
        }
        progress(walk.position(), head);
    }
    let verified = walk.end(head)?;
    if verified.link != as_link(head, end.get(1))? {
        return Err(wrong_link(head));
    }
    if stored_tags(connection, head).await? != tags {
        return Err(LogError::Unreadable("`event_tags` is not what the events say of their tags".to_owned()));
    }
    progress(head, head);
    Ok(verified)
}

/// The names' hashes stand under no checksum, and preconditions rest on them.
fn check_names(row: &Row, event: &StoredEvent, tags: &mut Tally) -> Result<(), LogError> {
    let position = event.position;
    let wrong = |problem: &str| LogError::Damaged { position, problem: problem.to_owned() };
    if cell::<Uuid>(row, 21, position)? != names::stream(&event.tenant, &event.stream) {
        return Err(wrong("its `stream_key` is not that of its stream"));
    }
    let key: Option<&str> = cell(row, 15, position)?;
    if cell::<Option<Uuid>>(row, 22, position)? != key.map(|key| names::key(&event.tenant, key)) {
        return Err(wrong("its `idem_list` is not that of its idempotency key"));
    }
    let Some(json) = cell::<Option<&str>>(row, 14, position)? else { return Ok(()) };
    let texts: HashSet<String> =
        serde_json::from_str(json).map_err(|_| wrong("its tags are no list of texts"))?;
    for text in texts {
        tags.count(names::tag(&event.tenant, &text), position);
    }
    Ok(())
}

fn cell<'r, T: tokio_postgres::types::FromSql<'r>>(
    row: &'r Row,
    place: usize,
    position: Position,
) -> Result<T, LogError> {
    row.try_get(place).map_err(|error| LogError::Damaged { position, problem: error.to_string() })
}

/// Stands for a set of tags at positions, in whatever order they come.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    count: u64,
    sum: u64,
}

impl Tally {
    fn count(&mut self, tag: Uuid, position: Position) {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(tag.as_bytes());
        bytes[16..].copy_from_slice(&position.to_le_bytes());
        self.count += 1;
        self.sum = self.sum.wrapping_add(checksum(&bytes));
    }
}

/// What is stored of the tags up to the head.
async fn stored_tags(connection: &Connection, head: Position) -> Result<Tally, LogError> {
    let (mut tally, mut after) = (Tally::default(), (Uuid::nil(), -1_i64));
    loop {
        let sql = include_str!("sql/select_tag_list.sql");
        let rows = connection.query(sql, &[&after.0, &after.1, &PAGE]).await;
        let rows = rows.map_err(|error| store_error(&error))?;
        let Some(last) = rows.last() else { return Ok(tally) };
        after = (last.get(0), last.get(1));
        for row in &rows {
            let position = from_sql(row.get(1));
            if position <= head {
                tally.count(row.get(0), position);
            }
        }
    }
}
