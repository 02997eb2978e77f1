use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use watershed::core::Principal;

use super::{Coop, History, Views, write_history};
use crate::error::Problem;
use crate::lab::Lab;
use crate::machine::own_time;

/// A log that is behind a paused read side, so that it is folded batch by batch rather than in bulk; as often as it is wanted.
pub(crate) struct Stage {
    dir: tempfile::TempDir,
    views: Views,
}

impl Stage {
    pub(crate) fn set(lab: &Lab, runtime: &Runtime, views: Views, history: History) -> Result<Self, Problem> {
        let dir = lab.dir()?;
        runtime.block_on(async {
            let coop = Coop::start(dir.path(), views).await?;
            for view in views.names() {
                coop.running.pause(&Principal::default(), view).await.map_err(Problem::product)?;
            }
            coop.close().await;
            copy(&dir.path().join("views"), &dir.path().join("paused"))?;
            write_history(dir.path(), history).await
        })?;
        Ok(Self { dir, views })
    }

    /// Folds everything with so many workers. What it took, and the processor time of it.
    pub(crate) async fn fold(&self, workers: u16) -> Result<(Duration, Duration), Problem> {
        let views = self.dir.path().join("views");
        fs::remove_dir_all(&views)?;
        copy(&self.dir.path().join("paused"), &views)?;
        let coop = Coop::start(self.dir.path(), self.views).await?;
        let operator = Principal::default();
        for view in self.views.names() {
            coop.running.set_workers(&operator, view, workers).await.map_err(Problem::product)?;
        }
        let (began, used) = (Instant::now(), own_time());
        for view in self.views.names() {
            coop.running.resume(&operator, view).await.map_err(Problem::product)?;
        }
        coop.caught_up().await?;
        let took = (began.elapsed(), own_time() - used);
        coop.close().await;
        Ok(took)
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Problem> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}
