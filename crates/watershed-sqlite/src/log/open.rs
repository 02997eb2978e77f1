//! Opening a log: its files are checked, the tail is read again, the threads are started.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rusqlite::OptionalExtension;
use watershed_core::Position;
use watershed_core::ports::LogError;

use super::checkpoint;
use super::file::{self, LogFile};
use super::index::{Checkpoint, Keeper};
use super::inline::InlineRows;
use super::lists::Lists;
use super::merger;
use super::options::Options;
use super::pages::Pages;
use super::readers::{Readers, each_row};
use super::row::ReadRow;
use super::service::SqliteLog;
use super::shared::{Parts, Shared};
use super::tail::{Layer, Tail};
use super::writer::{self, Beginning, Writer};
use crate::OpenError;
use crate::connection::{Durability, open_writer};
use crate::folder::Folder;
use watershed_store::{from_sql, to_sql};

/// A log's threads.
#[derive(Debug, Default)]
pub(super) struct Threads {
    writer: Option<JoinHandle<()>>,
    merger: Option<JoinHandle<()>>,
    checkpoint: Option<JoinHandle<()>>,
}

impl SqliteLog {
    /// Opens the log of the folder; `inline_rows` keeps the rows that commit with the events.
    pub(crate) fn open(
        folder: &Arc<Folder>,
        options: Options,
        inline_rows: Arc<dyn InlineRows>,
    ) -> Result<Self, OpenError> {
        let path = folder.log_file();
        let log = file::open(&path, options.wal)?;
        let fits = |checkpoint| fits(&log, checkpoint);
        let mut keeper = Keeper::open(&folder.index_file(), log.identity, options.filters, fits)?;
        let tail = refill(&log, &mut keeper, options.merge).map_err(|error| match error {
            LogError::Store(problem) => failed(&path, &problem),
            damaged => OpenError::Corrupt { path: path.clone(), problem: damaged.to_string() },
        })?;
        let pages = folder.open_log_file().and_then(|file| Pages::of(file, &log.connection));
        let readers = Readers::new(path.clone(), folder.index_file(), pages);
        let reader = readers.open()?;
        let shared = Arc::new(Shared::new(Parts {
            options,
            identity: log.identity,
            log_file: path,
            tail,
            readers,
            head: log.head,
        }));
        let writer = Writer::new(Beginning { shared: shared.clone(), log, reader, inline_rows });
        Self::start(folder, shared, writer, keeper)
    }

    fn start(
        folder: &Arc<Folder>,
        shared: Arc<Shared>,
        writer: Writer,
        keeper: Keeper,
    ) -> Result<Self, OpenError> {
        let path = folder.log_file();
        let writer = Arc::new(Mutex::new(writer));
        let copier = open_writer(&path, Durability::Full, 0)?;
        let mut log = Self::new(folder.clone(), shared.clone(), writer.clone());
        let threads = log.threads();
        threads.writer = Some(spawn(&path, "watershed-log", {
            let (shared, writer) = (shared.clone(), writer.clone());
            move || writer::run(&shared, &writer)
        })?);
        threads.merger = Some(spawn(&path, "watershed-index", {
            let shared = shared.clone();
            move || merger::run(&shared, &writer, keeper)
        })?);
        threads.checkpoint = Some(spawn(&path, "watershed-copy", move || {
            checkpoint::run(&shared, &copier);
        })?);
        Ok(log)
    }
}

impl Threads {
    /// Closes the log: writes what waits, merges it, and ends the threads.
    pub(super) fn close(&mut self, shared: &Shared) {
        shared.queue.close();
        join(&mut self.writer);
        shared.merger.close();
        join(&mut self.merger);
        shared.pace.close();
        join(&mut self.checkpoint);
    }
}

fn spawn(path: &Path, name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(run).map_err(|error| failed(path, &error.to_string()))
}

fn join(thread: &mut Option<JoinHandle<()>>) {
    if let Some(thread) = thread.take()
        && thread.join().is_err()
    {
        tracing::error!("a thread of the log panicked");
    }
}

fn failed(path: &Path, problem: &str) -> OpenError {
    OpenError::Store { path: path.to_owned(), problem: problem.to_owned() }
}

/// Whether an index that has come to `checkpoint` can be this log's.
fn fits(log: &LogFile, checkpoint: Checkpoint) -> bool {
    if checkpoint.merged == 0 {
        return true;
    }
    let found: rusqlite::Result<Option<i64>> = log
        .connection
        .query_row(include_str!("sql/select_checksum.sql"), [to_sql(checkpoint.merged)], |row| row.get(0))
        .optional();
    found.is_ok_and(|found| found.map(from_sql) == Some(checkpoint.checksum))
}

/// Reads the events that the index has not come to into a new tail; where they are many, merges them on the way.
fn refill(log: &LogFile, keeper: &mut Keeper, merge: usize) -> Result<Tail, LogError> {
    let lists = Lists::of_log(log.identity.id.as_bytes());
    let mut layer = Layer::default();
    let after = keeper.checkpoint().merged;
    each_row(&log.connection, &mut Vec::new(), after, log.head, |row, _| {
        add(&layer, &lists, row)?;
        if layer.len() >= merge {
            let checkpoint = Checkpoint { merged: row.event.position, checksum: row.checksum };
            // Not the log's file: damage of the index is none of the log.
            write_out(keeper, &layer, checkpoint).map_err(|error| LogError::Store(error.to_string()))?;
            layer = Layer::default();
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Tail::new(layer, keeper.runs()))
}

/// Writes the layer out, and merges what is due.
fn write_out(keeper: &mut Keeper, layer: &Layer, checkpoint: Checkpoint) -> rusqlite::Result<()> {
    keeper.write_out(layer, checkpoint)?;
    while keeper.compact()?.is_some() {}
    Ok(())
}

/// Adds an event to every list that it stands in.
fn add(layer: &Layer, lists: &Lists, row: &ReadRow<'_>) -> Result<(), LogError> {
    let event = row.event;
    let position: Position = event.position;
    let stream = lists.stream_named(event.tenant, event.category, event.stream);
    layer.add(stream, event.version, position);
    if let Some(key) = event.idem_key {
        layer.add(lists.key(event.tenant, key), 0, position);
    }
    if let Some(tags) = event.tags {
        let tags: Vec<String> = serde_json::from_str(tags).map_err(|error| LogError::Damaged {
            position,
            problem: format!("its tags cannot be read: {error}"),
        })?;
        for tag in tags {
            layer.add(lists.tag_named(event.tenant, &tag), 0, position);
        }
    }
    Ok(())
}
