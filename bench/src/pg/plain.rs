//! Plain rows in plain tables, by the driver that the product uses: no positions that are shared, no checks, no checksums.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::Client;
use uuid::Uuid;

use super::Server;
use crate::error::Problem;
use crate::load::{closed_loop, open_loop};
use crate::mix::mix;
use crate::raw::{RawEvent, STREAMS};
use crate::stats::{Histogram, Load, per_second};

/// So many rows are inserted together: what a group of as many callers comes to.
const TOGETHER: u64 = 64;
/// So many rows are put together by whoever folds.
const BATCH: u64 = 2_048;
/// So many events are read at a time.
const PAGE: i64 = 4_096;

/// A schema of plain tables.
pub(crate) struct Plain<'s> {
    pub(super) server: &'s Server,
    pub(super) schema: String,
    client: Client,
}

impl<'s> Plain<'s> {
    pub(crate) async fn on(server: &'s Server) -> Result<Self, Problem> {
        let (schema, client) = server.plain().await?;
        for table in [
            include_str!("sql/create_events.sql"),
            include_str!("sql/create_tags.sql"),
            include_str!("sql/create_accounts.sql"),
            include_str!("sql/create_rows.sql"),
        ] {
            client.batch_execute(table).await?;
        }
        let fill = include_str!("sql/fill_accounts.sql");
        client.execute(fill, &[&STREAMS.cast_signed()]).await?;
        Ok(Self { server, schema, client })
    }

    /// As many connections, each of which inserts an event in a transaction, with a position from a sequence: neither gapless nor in
    /// the order of the commits.
    pub(crate) async fn inserts(&self, connections: u64, time: Duration) -> Result<Load, Problem> {
        self.each(connections, time, include_str!("sql/insert_event.sql")).await
    }

    /// The same, each with a row that is changed.
    pub(crate) async fn saves(&self, connections: u64, time: Duration) -> Result<Load, Problem> {
        self.each(connections, time, include_str!("sql/insert_saved.sql")).await
    }

    async fn each(&self, connections: u64, time: Duration, sql: &str) -> Result<Load, Problem> {
        let mut ready = Vec::new();
        for _ in 0..connections {
            let client = self.server.within(&self.schema).await?;
            let statement = client.prepare(sql).await?;
            ready.push((client, statement));
        }
        let ready = Mutex::new(ready);
        closed_loop(connections, time, |mut turns| {
            let mine = ready.lock().unwrap_or_else(PoisonError::into_inner).pop();
            async move {
                let Some((client, statement)) = mine else { return Err(Problem::Stopped("a connection")) };
                while let Some(number) = turns.next() {
                    let event = RawEvent::numbered(number, STREAMS);
                    let fingerprint = &event.sixteen_bytes()[..];
                    client
                        .execute(&statement, &[&event.stream, &event.payload, &event.key, &fingerprint])
                        .await?;
                    turns.done();
                }
                Ok(turns)
            }
        })
        .await
    }

    /// One connection that inserts 64 events a transaction, each with so many tags. Events in a second.
    pub(crate) async fn batches(&self, tags: u64, time: Duration) -> Result<f64, Problem> {
        let client = self.server.within(&self.schema).await?;
        let insert = client.prepare(include_str!("sql/insert_events.sql")).await?;
        let both = Mutex::new(Some((client, insert)));
        let load = closed_loop(1, time, |mut turns| {
            let mine = both.lock().unwrap_or_else(PoisonError::into_inner).take();
            async move {
                let Some((client, insert)) = mine else { return Err(Problem::Stopped("a connection")) };
                while let Some(number) = turns.next() {
                    let Batch { positions, ids, streams, payloads, keys, fingerprints, tags, tagged } =
                        Batch::of(number, tags);
                    client
                        .execute(
                            &insert,
                            &[&positions, &ids, &streams, &payloads, &keys, &fingerprints, &tags, &tagged],
                        )
                        .await?;
                    turns.done();
                }
                Ok(turns)
            }
        })
        .await?;
        Ok(per_second(load.latency.count() * TOGETHER, load.took))
    }

    /// Puts a row for each of so many events, over so many keys in turns. Events in a second.
    pub(crate) async fn upserts(&self, events: u64, keys: u64) -> Result<f64, Problem> {
        let put = self.client.prepare(include_str!("sql/upsert_rows.sql")).await?;
        let begun = Instant::now();
        for first in (0..events).step_by(usize::try_from(BATCH.min(keys)).unwrap_or(1)) {
            let numbers = first..(first + BATCH.min(keys)).min(events);
            let ids: Vec<Uuid> =
                numbers.clone().map(|number| Uuid::from_u64_pair(mix(number % keys), 0)).collect();
            let contents: Vec<String> =
                numbers.clone().map(|number| RawEvent::numbered(number, keys).payload).collect();
            let positions: Vec<i64> = numbers.map(u64::cast_signed).collect();
            self.client.execute(&put, &[&ids, &contents, &positions]).await?;
        }
        Ok(per_second(events, begun.elapsed()))
    }

    /// How long it takes to put a row and to read it back, at a steady rate.
    pub(crate) async fn put_and_read(&self, per_second: u32, time: Duration) -> Result<Histogram, Problem> {
        let client = self.server.within(&self.schema).await?;
        let put = client.prepare(include_str!("sql/upsert_rows.sql")).await?;
        let select = client.prepare(include_str!("sql/select_row.sql")).await?;
        let client = Arc::new((client, put, select));
        open_loop(per_second, time, move |number| {
            let client = client.clone();
            async move {
                let (client, put, select) = &*client;
                let event = RawEvent::numbered(number, STREAMS);
                let id = Uuid::from_u64_pair(number % STREAMS, 0);
                let of = (vec![id], vec![event.payload], vec![number.cast_signed()]);
                client.execute(put, &[&of.0, &of.1, &of.2]).await?;
                client.query_one(select, &[&id]).await?;
                Ok(())
            }
        })
        .await
    }

    /// Reads a log's events from its first one, page by page. Events in a second.
    pub(crate) async fn scan(&self, log: &str, events: u64) -> Result<f64, Problem> {
        let client = self.server.within(log).await?;
        let select = client.prepare(include_str!("sql/select_events.sql")).await?;
        let (begun, mut after, mut read) = (Instant::now(), 0_i64, 0_u64);
        loop {
            let page = client.query(&select, &[&after, &PAGE]).await?;
            let Some(last) = page.last() else { break };
            after = last.try_get(0)?;
            for row in &page {
                read += u64::from(!row.try_get::<_, &str>(3)?.is_empty());
            }
        }
        if read != events {
            return Err(Problem::Wrong(format!("{read} of {events} events were read")));
        }
        Ok(per_second(events, begun.elapsed()))
    }
}

/// Events, column by column.
#[derive(Default)]
struct Batch {
    positions: Vec<i64>,
    ids: Vec<Uuid>,
    streams: Vec<String>,
    payloads: Vec<String>,
    keys: Vec<String>,
    fingerprints: Vec<Vec<u8>>,
    tags: Vec<Uuid>,
    tagged: Vec<i64>,
}

impl Batch {
    fn of(number: u64, tags: u64) -> Self {
        let mut batch = Self::default();
        for event in number * TOGETHER..(number + 1) * TOGETHER {
            let position = event.cast_signed() + 1;
            for tag in 0..tags {
                batch.tags.push(Uuid::from_u64_pair(mix(event % 1_000), tag));
                batch.tagged.push(position);
            }
            let event = RawEvent::numbered(event, STREAMS);
            batch.positions.push(position);
            batch.ids.push(Uuid::from_bytes(event.sixteen_bytes()));
            batch.fingerprints.push(event.sixteen_bytes().to_vec());
            batch.streams.push(event.stream);
            batch.payloads.push(event.payload);
            batch.keys.push(event.key);
        }
        batch
    }
}
