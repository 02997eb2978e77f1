use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::error::Problem;

/// Where and how large things are measured.
pub(crate) struct Lab {
    root: PathBuf,
    quick: bool,
}

impl Lab {
    /// A lab whose data lies under `root`. A quick one does just enough to show that everything works: its numbers mean
    /// nothing.
    pub(crate) fn new(root: PathBuf, quick: bool) -> Result<Self, Problem> {
        std::fs::create_dir_all(&root)?;
        Ok(Self { root, quick })
    }

    /// The folder that everything lies under.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// An empty folder on the disk that is measured; gone when it is dropped.
    pub(crate) fn dir(&self) -> Result<TempDir, Problem> {
        Ok(tempfile::Builder::new().prefix("run-").tempdir_in(&self.root)?)
    }

    /// How long to measure what is measured for `seconds`.
    pub(crate) fn time(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(if self.quick { 0.1 } else { seconds })
    }

    /// How many to measure with where it is `count` at full size.
    pub(crate) fn count(&self, count: u64) -> u64 {
        if self.quick { (count / 1_000).clamp(10, 2_000) } else { count }
    }

    /// A runtime for callers and server: two workers, as many as the machine that the targets are for has cores.
    #[expect(clippy::unused_self, reason = "where a lab would differ, it would differ here")]
    pub(crate) fn runtime(&self) -> Result<Runtime, Problem> {
        Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
    }
}
