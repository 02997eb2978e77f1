//! Events straight from the pages of `log.db`: the fast way to read what has been copied there from the write-ahead log.
//!
//! SQLite hands a row out one column at a time, which costs more than everything else about it. Its file format is simple,
//! documented and frozen, and the table of events is the simplest case of it: rows in the order of their positions, never
//! changed. So a [`Cursor`] finds the page of a position and reads the row there by itself.
//!
//! It never has to be right. A page may be older than the database, or be written at this moment: a row counts only where
//! its position, its columns and its checksum are as they must be. Whatever does not fit is left to SQLite, and so is
//! every error: nothing here has one. Rows that are longer than a page are SQLite's, too.

mod cursor;
mod parent;
mod record;
mod tree;

use std::fs::File;
use std::sync::Arc;

use rusqlite::Connection;

pub(crate) use cursor::Cursor;
use parent::Parents;

/// The pages of a log's file.
#[derive(Debug)]
pub(crate) struct Pages {
    file: Arc<File>,
    size: usize,
    /// The page that the table of events starts at.
    root: u32,
    parents: Parents,
}

impl Pages {
    /// The pages of `file`, which `log` is a connection to; none where they are not of the kind that is known here.
    ///
    /// The file must stay open as long as a connection to it is: on POSIX systems a process that closes any descriptor of a
    /// file loses all of its locks on it, SQLite's as well.
    pub(crate) fn of(file: Arc<File>, log: &Connection) -> Option<Self> {
        let root = log.query_row(include_str!("../sql/select_root.sql"), [], |row| row.get(0)).ok()?;
        let mut header = vec![0; 100];
        read_at(&file, 0, &mut header)?;
        let size = tree::page_size(&header)?;
        Some(Self { file, size, root, parents: Parents::default() })
    }

    /// Fills `buffer` from the page of that number, from the byte `start` in it on.
    fn read(&self, page: u32, start: usize, buffer: &mut [u8]) -> Option<()> {
        let first = u64::from(page.checked_sub(1)?) * self.size as u64;
        read_at(&self.file, first + start as u64, buffer)
    }
}

#[cfg(unix)]
fn read_at(file: &File, start: u64, buffer: &mut [u8]) -> Option<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, start).ok()
}

/// Elsewhere all rows are read by SQLite.
#[cfg(not(unix))]
fn read_at(_: &File, _: u64, _: &mut [u8]) -> Option<()> {
    None
}
