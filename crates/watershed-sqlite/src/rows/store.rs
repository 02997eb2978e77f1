//! The files of all groups.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use watershed_core::ports::{GroupSpec, Later, RowError, RowGroup, RowStore};

use super::copier::Copier;
use super::file::{GroupFile, held};
use super::group::SqliteGroup;
use super::tables::Tables;

/// Keeps each group of read models in a file of its own: `views/<group>.db` in a data folder.
///
/// The files are ordinary SQLite databases: a table for each read model, with a column for each of its columns, beside the
/// tables `checkpoints` and `parked`. They can be read with any tool, and made again from the log.
pub struct SqliteRows {
    folder: PathBuf,
    /// The files that are open: a group that is opened twice has one file and one writer.
    open: Mutex<HashMap<String, Weak<GroupFile>>>,
    copier: Arc<Copier>,
}

impl SqliteRows {
    /// The rows in that data folder. Makes its `views` where they are not there.
    ///
    /// # Errors
    /// Where the folder cannot be made, or no thread be started.
    pub fn open(folder: &Path) -> Result<Self, RowError> {
        let folder = folder.join("views");
        std::fs::create_dir_all(&folder)
            .map_err(|error| RowError::Store(format!("{}: {error}", folder.display())))?;
        Ok(Self { folder, open: Mutex::default(), copier: Arc::new(Copier::start()?) })
    }

    fn open_now(&self, group: GroupSpec) -> Result<Arc<dyn RowGroup>, RowError> {
        let file = self.file(&group.name)?;
        Ok(Arc::new(SqliteGroup::open(file, Tables::new(group))?))
    }

    fn file(&self, group: &str) -> Result<Arc<GroupFile>, RowError> {
        let mut open = held(&self.open);
        if let Some(file) = open.get(group).and_then(Weak::upgrade) {
            return Ok(file);
        }
        let path = self.folder.join(format!("{}.db", file_name(group)));
        let file = GroupFile::open(&path, &self.copier)?;
        open.insert(group.to_owned(), Arc::downgrade(&file));
        Ok(file)
    }
}

impl RowStore for SqliteRows {
    fn open(&self, group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        Box::pin(async move { self.open_now(group) })
    }
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
