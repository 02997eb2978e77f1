//! Of which log the rows in a folder are. Folded from one and followed on another one, they would be wrong, and look right.

use std::fs;
use std::path::Path;

use watershed_core::LogIdentity;
use watershed_core::ports::LogReader;

use crate::{OpenError, Sqlite};

/// The file that says so, where the log is not the folder's own.
const NAME: &str = "rows-of";

impl Sqlite {
    /// Says that the rows here are folded from a log that is elsewhere, from the first event on.
    ///
    /// # Errors
    /// Where they are folded from another one: the folder's own, if it has events, or one elsewhere.
    pub fn set_rows_of(&self, log: LogIdentity) -> Result<(), OpenError> {
        let file = self.path().join(NAME);
        let name = format!("{} {}", log.id, log.epoch);
        match named_in(self.path()) {
            Some(found) if found == name => return Ok(()),
            Some(found) => return Err(self.other_log(format!("of the log {found}, and not of {name}"))),
            None if self.log().head() > 0 => {
                return Err(self.other_log(format!("of the log in this folder, and not of {name}")));
            }
            None => {}
        }
        fs::write(&file, name).map_err(|error| OpenError::Store { path: file, problem: error.to_string() })
    }

    /// Asks whether the rows here are folded from the log that is here too.
    ///
    /// # Errors
    /// Where they are folded from one that is elsewhere.
    pub fn has_own_rows(&self) -> Result<(), OpenError> {
        match named_in(self.path()) {
            Some(found) => Err(self.other_log(format!("of the log {found}, which is not in this folder"))),
            None => Ok(()),
        }
    }

    fn other_log(&self, problem: String) -> OpenError {
        OpenError::OtherLog { folder: self.path().to_owned(), problem }
    }
}

fn named_in(folder: &Path) -> Option<String> {
    let named = fs::read_to_string(folder.join(NAME)).ok()?;
    Some(named.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn rows_of_one_log_are_never_followed_on_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = |id: u128, epoch| LogIdentity { id: uuid::Uuid::from_u128(id), epoch };
        let open = || Sqlite::open(folder.path(), Options::default()).expect("opens");
        open().has_own_rows().expect("nothing else is said");
        open().set_rows_of(log(1, 1)).expect("there are none yet");
        open().set_rows_of(log(1, 1)).expect("the same");
        for other in [log(2, 1), log(1, 2)] {
            let said = open().set_rows_of(other).expect_err("another").to_string();
            assert!(said.contains("--data"), "{said}");
        }
        open().has_own_rows().expect_err("they are another log's");
    }
}
