//! The files of all groups.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use watershed_core::ports::{GroupSpec, Later, RowEditions, RowError, RowGroup, RowSnapshots, RowStore};

use super::copier::Copier;
use super::file::{GroupFile, held};
use super::group::SqliteGroup;
use super::snapshots;
use super::tables::Tables;
use crate::files;

/// Keeps each edition of a group of read models in a file of its own: `views/<group>.<edition>.db` in a data folder.
/// `views/<group>.db` is a link to the one that has been published last.
///
/// The files are ordinary SQLite databases: a table for each read model, with a column for each of its columns, beside the
/// tables `checkpoints`, `parked`, and `_changes`, where a journal is kept. They can be read with any tool, and made again from the log.
pub struct SqliteRows {
    folder: PathBuf,
    /// Where editions are saved.
    snapshots: PathBuf,
    /// The files that are open: an edition that is opened twice has one file and one writer.
    open: Mutex<HashMap<PathBuf, Weak<GroupFile>>>,
    copier: Arc<Copier>,
}

impl SqliteRows {
    /// The rows in that data folder. Makes its `views` where they are not there.
    ///
    /// # Errors
    /// Where the folder cannot be made, or no thread be started.
    pub fn open(folder: &Path) -> Result<Self, RowError> {
        let (folder, snapshots) = (folder.join("views"), folder.join("snapshots"));
        std::fs::create_dir_all(&folder)
            .map_err(|error| RowError::Store(format!("{}: {error}", folder.display())))?;
        Ok(Self { folder, snapshots, open: Mutex::default(), copier: Arc::new(Copier::start()?) })
    }

    fn open_now(&self, spec: GroupSpec) -> Result<Arc<dyn RowGroup>, RowError> {
        let path = self.path(&spec.name, spec.edition);
        let tables = Arc::new(Tables::new(spec));
        let mut open = held(&self.open);
        if let Some(file) = open.get(&path).and_then(Weak::upgrade) {
            let group = SqliteGroup::open(file.clone(), tables);
            return Ok(Arc::new(group.map_err(|error| file.explained(error))?));
        }
        let (file, group) = self.open_sound(&path, &tables)?;
        // From here on only: nobody else may hold a file that is set aside.
        self.copier.watch(&file);
        open.insert(path, Arc::downgrade(&file));
        Ok(Arc::new(group))
    }

    /// Where what is saved under that name lies.
    fn saved(&self, name: &str) -> PathBuf {
        self.snapshots.join(format!("{}.db", file_name(name)))
    }

    fn path(&self, group: &str, edition: u32) -> PathBuf {
        self.folder.join(file_of(group, edition))
    }

    fn publish_now(&self, group: &str, edition: u32) -> Result<(), RowError> {
        let link = self.folder.join(format!("{}.db", file_name(group)));
        files::link(&link, &file_of(group, edition))
            .map_err(|error| RowError::Store(format!("{}: {error}", link.display())))
    }

    fn remove_now(&self, group: &str, edition: u32) -> Result<(), RowError> {
        let path = self.path(group, edition);
        let mut open = held(&self.open);
        if open.get(&path).is_some_and(|file| file.strong_count() > 0) {
            return Err(RowError::Store(format!("{} is in use", path.display())));
        }
        open.remove(&path);
        files::remove(&path).map_err(|error| RowError::Store(format!("{}: {error}", path.display())))
    }

    /// Opens a group's file. One that is damaged is set aside before, and an empty one takes its place: its rows are folded
    /// anew from the log, and nobody has to get up at night for them.
    fn open_sound(
        &self,
        path: &Path,
        tables: &Arc<Tables>,
    ) -> Result<(Arc<GroupFile>, SqliteGroup), RowError> {
        if files::is_noted(path) {
            set_aside(path, "it was found damaged when it was last in use")?;
        }
        match self.open_present(path, tables) {
            Err(RowError::Damaged(problem)) => {
                set_aside(path, &problem)?;
                self.open_present(path, tables)
            }
            opened => opened,
        }
    }

    fn open_present(
        &self,
        path: &Path,
        tables: &Arc<Tables>,
    ) -> Result<(Arc<GroupFile>, SqliteGroup), RowError> {
        let file = Arc::new(GroupFile::open(path, &self.copier)?);
        let group = SqliteGroup::open(file.clone(), tables.clone())?;
        Ok((file, group))
    }
}

fn set_aside(path: &Path, problem: &str) -> Result<(), RowError> {
    let file = path.display();
    let aside = files::set_aside(path).map_err(|error| {
        RowError::Damaged(format!(
            "{file} is damaged: {problem}; it could not be set aside: {error}. Move it away with the files -wal and -shm of \
             its name and start again: the log is not affected, and its rows are folded anew"
        ))
    })?;
    let aside = aside.display();
    tracing::error!(%file, %aside, problem, "a view's file is damaged: it is set aside, and its rows are folded anew from the log");
    Ok(())
}

impl RowStore for SqliteRows {
    fn open(&self, group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        Box::pin(async move { self.open_now(group) })
    }
}

impl RowEditions for SqliteRows {
    fn publish<'a>(&'a self, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move { self.publish_now(group, edition) })
    }

    fn remove<'a>(&'a self, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move { self.remove_now(group, edition) })
    }
}

impl RowSnapshots for SqliteRows {
    fn save<'a>(
        &'a self,
        group: &'a str,
        edition: u32,
        name: &'a str,
        note: &'a str,
    ) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move { snapshots::save(&self.path(group, edition), &self.saved(name), note) })
    }

    fn note<'a>(&'a self, name: &'a str) -> Later<'a, Result<Option<String>, RowError>> {
        Box::pin(async move { snapshots::note(&self.saved(name)) })
    }

    fn restore<'a>(&'a self, name: &'a str, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move { snapshots::restore(&self.saved(name), &self.path(group, edition)) })
    }
}

fn file_of(group: &str, edition: u32) -> String {
    format!("{}.{edition}.db", file_name(group))
}

/// A group's name as a file's: every other letter is written as its bytes, so that no name leads out of the folder and no
/// two names lead to one file.
fn file_name(group: &str) -> String {
    group
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
