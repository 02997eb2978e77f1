use std::fmt;
use std::path::Path;

/// Who holds a data folder: the line that a server leaves beside the lock, for others to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The process.
    pub(crate) process: u32,
    /// Where it answers.
    pub(crate) url: String,
    /// The server that its log is on, where it is on one.
    pub(crate) store: Option<String>,
}

const STORE: &str = ", with its log on ";

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} at {}", self.process, self.url)?;
        self.store.as_ref().map_or(Ok(()), |store| write!(f, "{STORE}{store}"))
    }
}

/// What the line in `folder` says; none where there is none, or one that says something else.
pub(crate) fn holder_of(folder: &Path) -> Option<Holder> {
    let line = std::fs::read_to_string(folder.join("holder")).ok()?;
    let (process, rest) = line.trim().strip_prefix("process ")?.split_once(" at ")?;
    let (url, store) = rest.split_once(STORE).map_or((rest, None), |(url, store)| (url, Some(store)));
    Some(Holder { process: process.parse().ok()?, url: url.to_owned(), store: store.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_writes_is_what_others_read() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(holder_of(folder.path()), None);
        for store in [None, Some("postgres://localhost:5432/app".to_owned())] {
            let holder = Holder { process: 7, url: "http://127.0.0.1:8080".to_owned(), store };
            std::fs::write(folder.path().join("holder"), holder.to_string()).expect("writes");
            assert_eq!(holder_of(folder.path()), Some(holder));
        }
        std::fs::write(folder.path().join("holder"), "somebody").expect("writes");
        assert_eq!(holder_of(folder.path()), None);
    }
}
