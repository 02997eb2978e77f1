//! Reads what is within boundaries: from what is remembered of their tags, and with one question to the server for all that wait
//! where that is not enough.

use std::sync::{Arc, Weak};

use tokio::sync::mpsc;
use uuid::Uuid;
use watershed_core::ports::{Events, LogError};
use watershed_core::{Boundary, Position, StoredEvent, Tenant};
use watershed_store::{from_sql, to_sql};

use super::bearers::{Asks, Found, LONG, Mark};
use super::names;
use super::read::{events, one_more, page};
use super::shared::Shared;
use super::spans::Spans;
use crate::connection::Values;

/// The questions of so many are put together.
const TOGETHER: usize = 1_024;

/// Answers those who ask for what is not remembered, until the log is dropped.
pub(super) async fn answer(shared: Weak<Shared>, mut asked: mpsc::UnboundedReceiver<Asks>) {
    let mut waiting = Vec::new();
    while asked.recv_many(&mut waiting, TOGETHER).await > 0 {
        let Some(present) = shared.upgrade() else { return };
        let answer = present.remember(&waiting).await;
        for asks in waiting.drain(..) {
            let _ = asks.told.send(answer.clone());
        }
    }
}

impl Shared {
    /// The events that bear the boundary's tags, of which there is at least one.
    pub(super) async fn read_tagged(
        &self,
        tenant: &Tenant,
        boundary: &Boundary,
        after: Position,
        limit: usize,
    ) -> Result<Events, LogError> {
        let head = self.head();
        let texts: Vec<String> = boundary.tags.iter().map(ToString::to_string).collect();
        let mut tags: Vec<Uuid> = texts.iter().map(|text| names::tag(tenant, text)).collect();
        tags.sort_unstable();
        tags.dedup();
        let mark = |tag: &Uuid| Mark { tag: *tag, names: boundary.names.clone() };
        let marks: Vec<Mark> = tags.iter().map(mark).collect();
        let mut found = self.bearers.find(&marks, after, head);
        if found == Found::Unknown {
            self.bearers.ask(marks.clone()).await?;
            found = self.bearers.find(&marks, after, head);
        }
        let Found::Among { positions, until } = found else {
            let (after, until, limit_one) = (to_sql(after), to_sql(head), one_more(limit));
            let values: Values<'_> = &[&tags, &after, &until, &boundary.names, &limit_one];
            let rows = self.readers.query(include_str!("sql/select_tagged.sql"), values).await?;
            return page(&rows, limit, head);
        };
        let mut page = Events { events: Vec::new(), complete: true, head: until };
        for some in positions.chunks(limit.saturating_add(1).clamp(16, 1_024)) {
            for event in self.at(some).await? {
                let bears = |text: &String| event.tags.iter().any(|tag| **tag == **text);
                let is_named = boundary.names.is_empty() || boundary.names.contains(&&*event.name);
                if event.tenant != *tenant || !is_named || !texts.iter().all(bears) {
                    continue;
                }
                page.complete = page.events.len() < limit;
                if !page.complete {
                    return Ok(page);
                }
                page.events.push(event);
            }
        }
        Ok(page)
    }

    /// The events at these positions, in their order.
    async fn at(&self, positions: &[Position]) -> Result<Vec<Arc<StoredEvent>>, LogError> {
        let (mut all, others) = self.kept.at(positions);
        if !others.is_empty() {
            let others: Vec<i64> = others.into_iter().map(to_sql).collect();
            let rows = self.readers.query(include_str!("sql/select_at.sql"), &[&others]).await?;
            let read = events(&rows)?;
            self.kept.keep(&read);
            all.extend(read);
            all.sort_unstable_by_key(|event| event.position);
        }
        Ok(all)
    }

    /// Asks for what others have appended since, and for the marks that have not been asked for.
    async fn remember(&self, waiting: &[Asks]) -> Result<(), LogError> {
        let head = self.head();
        let unknown = self.bearers.unknown(waiting.iter().flat_map(|asks| &asks.marks), head);
        let (caught_up, told) =
            tokio::join!(self.catch_up(unknown.until, head), self.told(&unknown.marks, unknown.until));
        match told {
            Ok(told) => {
                let told = unknown.marks.iter().zip(told);
                told.for_each(|(mark, positions)| self.bearers.learn(mark, positions));
                caught_up
            }
            Err(error) => {
                self.bearers.give_up(&unknown.marks);
                Err(error)
            }
        }
    }

    async fn catch_up(&self, from: Position, until: Position) -> Result<(), LogError> {
        if from >= until {
            return Ok(());
        }
        let values: Values<'_> = &[&to_sql(from), &to_sql(until)];
        let rows = self.readers.query(include_str!("sql/select_borne.sql"), values).await?;
        let mut borne = Vec::with_capacity(rows.len());
        for row in &rows {
            let position = from_sql(row.get(0));
            let tenant = Tenant::stored(row.get::<_, &str>(1).into());
            let tags = names::tags(&tenant, row.get(2)).map_err(|error| LogError::Damaged {
                position,
                problem: format!("its tags cannot be read: {error}"),
            })?;
            borne.extend(tags.into_iter().map(|tag| (tag, position, row.get::<_, &str>(3))));
        }
        self.bearers.pass(from, until, borne.into_iter());
        Ok(())
    }

    /// For each of the marks, the events up to there that bear it; one more than are remembered where there are more.
    async fn told(&self, marks: &[Mark], until: Position) -> Result<Vec<Vec<Position>>, LogError> {
        if marks.is_empty() {
            return Ok(Vec::new());
        }
        let tags: Vec<Uuid> = marks.iter().map(|mark| mark.tag).collect();
        let names: Spans<&str> = marks.iter().map(|mark| mark.names.iter().copied()).collect();
        let (until, most) = (to_sql(until), one_more(LONG));
        let values: Values<'_> = &[&tags, &until, &most, &names.all, &names.firsts, &names.lasts];
        let rows = self.readers.query(include_str!("sql/select_bearers.sql"), values).await?;
        let positions = |row: &tokio_postgres::Row| {
            let positions: Vec<i64> = row.get(0);
            positions.into_iter().map(from_sql).collect()
        };
        if rows.len() != marks.len() {
            return Err(LogError::Store("not every mark was answered".to_owned()));
        }
        Ok(rows.iter().map(positions).collect())
    }
}

/// Starts whoever answers.
pub(super) fn start(shared: &Arc<Shared>, asked: mpsc::UnboundedReceiver<Asks>) {
    tokio::spawn(answer(Arc::downgrade(shared), asked));
}
