//! The files of a database: its own, those that SQLite keeps beside it, and the note that it has been found damaged.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The write-ahead log of the database at `path`.
pub(crate) fn wal_of(path: &Path) -> PathBuf {
    with_suffix(path, "-wal")
}

/// What belongs to the database at `path`. Its own file comes first: a write-ahead log that is left without one is thrown away
/// by SQLite, but a file that is left without its write-ahead log would pass for an older state.
fn files(path: &Path) -> [PathBuf; 3] {
    [path.to_owned(), wal_of(path), with_suffix(path, "-shm")]
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The file whose presence says that the database has been found damaged.
fn note(path: &Path) -> PathBuf {
    path.with_extension("damaged")
}

/// Notes that the database is damaged, for whoever opens it the next time. Whether that is news.
pub(crate) fn note_damage(path: &Path) -> bool {
    // Where even the note cannot be written, the next look at the database finds the damage again.
    OpenOptions::new().write(true).create_new(true).open(note(path)).is_ok()
}

/// Whether the database has been found damaged.
pub(crate) fn is_noted(path: &Path) -> bool {
    note(path).exists()
}

/// Removes the database, which nobody may have open: a connection that is closed later would take the next one's files along.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    for file in files(path) {
        unless_missing(fs::remove_file(file))?;
    }
    unless_missing(fs::remove_file(note(path)))
}

/// Gives the database, which nobody may have open, another name, under which it can be looked at: `NAME.damaged-1`.
pub(crate) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let is_free = |name: &PathBuf| !files(name).iter().any(|file| file.exists());
    let names = (1_u32..).map(|number| with_suffix(path, &format!(".damaged-{number}")));
    let aside = names.into_iter().find(is_free).ok_or(ErrorKind::AlreadyExists)?;
    for (file, aside) in files(path).into_iter().zip(files(&aside)) {
        unless_missing(fs::rename(file, aside))?;
    }
    unless_missing(fs::remove_file(note(path)))?;
    Ok(aside)
}

/// Makes `link` lead to the file of that name beside it, in one step: whoever opens it finds the old file or the new one.
#[cfg(unix)]
pub(crate) fn link(link: &Path, to: &str) -> io::Result<()> {
    if fs::read_link(link).is_ok_and(|present| present == Path::new(to)) {
        return Ok(());
    }
    let next = with_suffix(link, ".next");
    unless_missing(fs::remove_file(&next))?;
    std::os::unix::fs::symlink(to, &next)?;
    fs::rename(next, link)
}

/// There are no links for everybody here: tools are told the file's own name.
#[cfg(not(unix))]
pub(crate) fn link(_: &Path, _: &str) -> io::Result<()> {
    Ok(())
}

fn unless_missing(done: io::Result<()>) -> io::Result<()> {
    done.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}
