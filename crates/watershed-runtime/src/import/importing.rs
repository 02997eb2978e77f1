use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use watershed_core::ports::BadLine;
use watershed_core::{Access, Action, Misfit, Principal};

use super::keeper::{Kept, Kind, keep};
use super::lanes::{Job, Lanes};
use super::sending::{Outcome, key_of, send};
use super::{ImportError, ImportSummary, Importer};
use crate::command::Request;
use crate::context::Running;
use crate::telemetry;

/// How many bytes of lines are in memory at once.
const IN_MEMORY: usize = 8 << 20;
/// What a line takes beside its own bytes.
const EACH: usize = 512;
/// How many lines wait to be kept.
const TO_KEEP: usize = 256;
/// The longest reason that is kept, in characters.
const REASON: usize = 1_000;

/// The code of a line that is no record.
const MALFORMED: &str = "malformed-line";

/// What whoever brings a batch says beside its lines.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// Who brings it.
    pub principal: Arc<Principal>,
    /// What the lines come in: a file's name. Kept with those that cannot be taken.
    pub source: Option<Arc<str>>,
    /// What the commands belong to.
    pub correlation: Option<Arc<str>>,
    /// The W3C trace context.
    pub traceparent: Option<Arc<str>>,
}

/// A batch on its way: give it the lines, then finish it. What it has been given is taken also where it is not finished.
pub struct Importing {
    batch: Arc<Batch>,
    lanes: Lanes,
    keeping: JoinHandle<Kept>,
    lines: u64,
}

/// What the lanes of a batch share.
pub(super) struct Batch {
    running: Running,
    importer: Arc<dyn Importer>,
    how: ImportRequest,
    in_memory: Arc<Semaphore>,
    taken: AtomicU64,
    already_taken: AtomicU64,
    /// The last position that a receipt named.
    position: AtomicU64,
    bad: mpsc::Sender<(Kind, BadLine)>,
    stopped: Arc<Stopped>,
}

/// Why a batch does not go on, with the first line that met the reason.
#[derive(Default)]
struct Stopped(Mutex<Option<(u64, ImportError)>>);

impl Stopped {
    fn stop(&self, line: u64, error: ImportError) {
        let mut stopped = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if stopped.as_ref().is_none_or(|(first, _)| line < *first) {
            *stopped = Some((line, error));
        }
    }

    fn is_said(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn taken(&self) -> Option<ImportError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map(|(_, error)| error)
    }
}

impl Running {
    /// Begins a batch of that import.
    ///
    /// # Errors
    /// Where there is no such import, or the caller may not bring anything in.
    pub fn import(&self, name: &str, how: ImportRequest) -> Result<Importing, ImportError> {
        let importer = self.importer(name)?.clone();
        let action = Action::Import { name: importer.name() };
        let access = Access { principal: &how.principal, action, state: None };
        self.0.core.authorizer.authorize(&access).map_err(ImportError::Denied)?;
        let stopped = Arc::new(Stopped::default());
        let (bad, coming) = mpsc::channel(TO_KEEP);
        let keeping = keep(self.0.triage.clone(), coming, {
            let stopped = stopped.clone();
            move |line, error| stopped.stop(line, error)
        });
        let batch = Arc::new(Batch {
            running: self.clone(),
            importer,
            how,
            in_memory: Arc::new(Semaphore::new(IN_MEMORY)),
            taken: AtomicU64::new(0),
            already_taken: AtomicU64::new(0),
            position: AtomicU64::new(0),
            bad,
            stopped,
        });
        let lanes = Lanes::open(&batch);
        Ok(Importing { batch, lanes, keeping: tokio::spawn(keeping), lines: 0 })
    }
}

impl Importing {
    /// Whether the batch cannot go on: there is no use in more lines. [`Importing::finish`] says why.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.batch.stopped.is_said()
    }

    /// Takes a line, whose number it says. Waits while as much is under way as may be.
    pub async fn line(&mut self, number: u64, content: Vec<u8>) {
        if self.is_stopped() {
            return;
        }
        self.lines += 1;
        let batch = &self.batch;
        let (prepared, key) = match batch.prepare(&content) {
            Ok(read) => read,
            Err(misfit) => {
                let (bytes, reason) = (content.len() as u64, misfit.to_string());
                return batch.leave(Kind::Malformed, number, content, bytes, MALFORMED, reason).await;
            }
        };
        let share = u32::try_from((content.len() + EACH).min(IN_MEMORY)).unwrap_or(u32::MAX);
        // invariant: nobody closes the semaphore.
        if let Ok(share) = batch.in_memory.clone().acquire_many_owned(share).await {
            self.lanes.put(Job { line: number, content, prepared, key, _share: share }).await;
        }
    }

    /// Takes note of a line that was not read as a record: of `bytes` in all, beginning with `content`.
    pub async fn unread(&mut self, number: u64, content: Vec<u8>, bytes: u64, code: &str, reason: String) {
        if !self.is_stopped() {
            self.lines += 1;
            self.batch.leave(Kind::Malformed, number, content, bytes, code, reason).await;
        }
    }

    /// Waits until every line has been answered and every one that was not taken is kept, and says what became of them.
    ///
    /// # Errors
    /// Where the batch could not go on. What was taken until then is taken.
    pub async fn finish(self) -> Result<ImportSummary, ImportError> {
        let Self { batch, lanes, keeping, lines } = self;
        lanes.close().await;
        let (stopped, running) = (batch.stopped.clone(), batch.running.clone());
        let (taken, already_taken) = (batch.taken.load(Relaxed), batch.already_taken.load(Relaxed));
        let position = batch.position.load(Relaxed);
        let import = batch.importer.name();
        // The keeper ends with the last sender.
        drop(batch);
        let kept = keeping.await.map_err(|error| ImportError::Unavailable(error.to_string()))?;
        let (refused, malformed) = (kept.refused.count, kept.malformed.count);
        for (outcome, lines) in [
            ("taken", taken),
            ("already-taken", already_taken),
            ("refused", refused),
            ("malformed", malformed),
        ] {
            telemetry::imported(running.name(), import, outcome, lines);
        }
        match stopped.taken() {
            Some(error) => Err(error),
            None => Ok(ImportSummary {
                lines,
                taken,
                already_taken,
                refused_lines: refused,
                malformed_lines: malformed,
                refused: kept.refused.told(),
                malformed: kept.malformed.told(),
                token: running.0.core.token(position),
            }),
        }
    }
}

impl Batch {
    fn prepare(&self, content: &[u8]) -> Result<(super::importer::Prepared, Arc<str>), Misfit> {
        let prepared = self.importer.read(content)?;
        let key = key_of(self.importer.name(), &prepared.foreign_id).ok_or_else(|| Misfit {
            field: None,
            problem: "its foreign id is empty, too long or holds control characters".to_owned(),
        })?;
        Ok((prepared, key))
    }

    /// Sends a line, and counts or keeps it.
    pub(super) async fn take(&self, job: Job) {
        // What is in the lanes when the batch stops is for the next attempt.
        if self.stopped.is_said() {
            return;
        }
        let request = self.request(job.key);
        match send(&self.running, &*self.importer, &job.content, job.prepared, &request).await {
            Outcome::Taken(position) => {
                self.taken.fetch_add(1, Relaxed);
                self.position.fetch_max(position, Relaxed);
            }
            Outcome::AlreadyTaken(position) => {
                self.already_taken.fetch_add(1, Relaxed);
                self.position.fetch_max(position, Relaxed);
            }
            Outcome::Left { code, reason } => {
                let bytes = job.content.len() as u64;
                self.leave(Kind::Refused, job.line, job.content, bytes, code, reason).await;
            }
            Outcome::Stop(error) => {
                self.stopped.stop(job.line, ImportError::Stopped { line: job.line, error });
            }
        }
    }

    fn request(&self, key: Arc<str>) -> Request {
        Request {
            principal: self.how.principal.clone(),
            key: Some(key),
            expected: None,
            correlation: self.how.correlation.clone(),
            causation: None,
            traceparent: self.how.traceparent.clone(),
        }
    }

    async fn leave(&self, kind: Kind, line: u64, content: Vec<u8>, bytes: u64, code: &str, reason: String) {
        let bad = BadLine {
            tenant: self.how.principal.tenant.clone(),
            import: self.importer.name().to_owned(),
            source: self.how.source.as_deref().map(str::to_owned),
            line,
            content,
            bytes,
            code: code.to_owned(),
            reason: reason.chars().take(REASON).collect(),
            at: self.running.0.core.clock.now(),
        };
        // invariant: the keeper goes on for as long as there is a sender.
        let _ = self.bad.send((kind, bad)).await;
    }
}
