//! The lines that could not be taken, on their way to where they are kept.

use std::sync::Arc;

use tokio::sync::mpsc;
use watershed_core::ports::{BadLine, Triage, WhichLines};

use super::ImportError;
use super::summary::{Left, LeftLine};

/// How many are kept in one go.
const BATCH: usize = 256;
/// How many lines of one import wait to be looked at before it takes no more: nobody looks at so many one by one, and where
/// everything is wrong it is better said early.
pub(super) const MOST: u64 = 10_000;

/// Of what kind a line is that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Refused,
    Malformed,
}

/// What has been kept of a batch.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) refused: Left,
    pub(super) malformed: Left,
}

/// Keeps what comes, until nobody is left to send more. What cannot be kept is reported to `stop`, and nothing is kept after
/// it.
pub(super) async fn keep(
    triage: Arc<dyn Triage>,
    mut coming: mpsc::Receiver<(Kind, BadLine)>,
    stop: impl Fn(u64, ImportError),
) -> Kept {
    let (mut kept, mut come, mut stopped) = (Kept::default(), Vec::with_capacity(BATCH), false);
    while coming.recv_many(&mut come, BATCH).await > 0 {
        if stopped {
            come.clear();
            continue;
        }
        let first = come.iter().map(|(_, line)| line.line).min().unwrap_or_default();
        let (kinds, lines): (Vec<Kind>, Vec<BadLine>) = come.drain(..).unzip();
        let told: Vec<_> =
            lines.iter().map(|line| (line.line, line.code.clone(), line.reason.clone())).collect();
        match keep_some(&*triage, lines, first).await {
            Ok(numbers) => {
                for ((kind, (line, code, reason)), number) in kinds.into_iter().zip(told).zip(numbers) {
                    let left = LeftLine { line, code, reason, kept: number };
                    match kind {
                        Kind::Refused => kept.refused.add(left),
                        Kind::Malformed => kept.malformed.add(left),
                    }
                }
            }
            Err(error) => {
                stop(first, error);
                stopped = true;
            }
        }
    }
    kept
}

async fn keep_some(triage: &dyn Triage, lines: Vec<BadLine>, first: u64) -> Result<Vec<u64>, ImportError> {
    let import = lines.first().map(|line| line.import.clone()).unwrap_or_default();
    let count = WhichLines { import, after: 0, limit: 0, content: 0 };
    if triage.list(count).await?.total >= MOST {
        return Err(ImportError::TriageFull { line: first, most: MOST });
    }
    Ok(triage.keep(lines).await?)
}
