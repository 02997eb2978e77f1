//! Checks, and what becomes of them.

use std::fmt;
use std::time::{Duration, Instant};

use watershed_core::ports::{AppendError, Later, LogError, RowError, StateError};

/// How long a check may take before it counts as hanging. None takes more than some seconds, but a disk that others write
/// to has been seen to keep a commit waiting for more than a minute.
const PATIENCE: Duration = Duration::from_secs(600);

/// A promise that is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What is promised.
    pub promise: &'static str,
    /// What was found instead.
    pub problem: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "* {}\n    {}", self.promise, self.problem.replace('\n', "\n    "))
    }
}

/// What was found instead of what is promised.
#[derive(Debug)]
pub(super) struct Problem(pub(super) String);

impl Problem {
    pub(super) fn new(problem: impl fmt::Display) -> Self {
        Self(problem.to_string())
    }
}

/// What a check comes to.
pub(super) type Checked<T = ()> = Result<T, Problem>;

macro_rules! problem_from {
    ($($error:ty),*) => {$(
        impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Self(format!("this should have worked: {error} ({error:?})"))
            }
        }
    )*};
}
problem_from!(AppendError, LogError, RowError, StateError);

/// Ends the check where the condition does not hold.
macro_rules! holds {
    ($condition:expr, $($problem:tt)+) => {
        if !$condition {
            return Err($crate::conformance::promise::Problem(format!($($problem)+)));
        }
    };
}
pub(super) use holds;

/// Ends the check where the two are not equal.
pub(super) fn same<T: PartialEq + fmt::Debug + ?Sized>(what: &str, found: &T, expected: &T) -> Checked {
    if found == expected {
        return Ok(());
    }
    let brief = format!("{what}: found {found:?}, expected {expected:?}");
    if brief.len() < 300 {
        return Err(Problem(brief));
    }
    let (found, expected) = (format!("{found:#?}"), format!("{expected:#?}"));
    let lines = crate::diff::lines(&shortened(&expected), &shortened(&found));
    Err(Problem(format!("{what} (- expected, + found):\n{lines}")))
}

/// The text, or its first and last part: some checks have megabytes in their hands.
fn shortened(text: &str) -> String {
    const MOST: usize = 4_000;
    if text.len() <= MOST {
        return text.to_owned();
    }
    let head: String = text.chars().take(MOST / 2).collect();
    let tail: Vec<char> = text.chars().rev().take(MOST / 2).collect();
    format!("{head} [..] {}", tail.into_iter().rev().collect::<String>())
}

/// A check of one promise, on storage of type `S`.
pub(super) struct Check<S> {
    pub(super) promise: &'static str,
    pub(super) run: fn(S) -> Later<'static, Checked>,
}

/// What a suite is to those who hold an implementation to it: its name, what gives it fresh storage, what its checks are
/// handed, and the promises, each with the function that checks it.
macro_rules! suite {
    ($what:literal, $fixture:ident => $bench:ident; $($promise:literal => $check:path,)+) => {
        /// Holds what `make`'s fixtures open to everything that the port promises. `make` gives fresh storage each time.
        ///
        /// # Panics
        /// Where a promise is broken; says which, and how.
        pub async fn run<F: $fixture>(make: impl Fn() -> F) {
            $crate::conformance::promise::assert_kept($what, &broken(make, "").await);
        }

        /// Those of the promises that hold these words (`""` for all) and that are broken.
        pub async fn broken<F: $fixture>(
            make: impl Fn() -> F,
            words: &str,
        ) -> Vec<$crate::conformance::Broken> {
            $crate::conformance::promise::run_all(checks(), words, || $bench::on(make())).await
        }

        /// All promises, in the order in which they are checked.
        #[must_use]
        pub fn promises() -> Vec<&'static str> {
            vec![$($promise),+]
        }

        fn checks() -> Vec<$crate::conformance::promise::Check<$bench>> {
            vec![$($crate::conformance::promise::Check {
                promise: $promise,
                run: |bench| Box::pin($check(bench)),
            }),+]
        }
    };
}
pub(super) use suite;

/// Runs the checks whose promise holds these words, one after the other, each on fresh storage.
pub(super) async fn run_all<S: Send + 'static>(
    checks: Vec<Check<S>>,
    words: &str,
    fresh: impl Fn() -> S,
) -> Vec<Broken> {
    let wanted = std::env::var("WATERSHED_CHECK").unwrap_or_default();
    let mut broken = Vec::new();
    for check in checks {
        if !check.promise.contains(&wanted) || !check.promise.contains(words) {
            continue;
        }
        let start = Instant::now();
        let problem = run_one(&check, fresh()).await;
        let mark = if problem.is_some() { "BROKEN" } else { "kept" };
        println!("{mark:>6} {:>6} ms  {}", start.elapsed().as_millis(), check.promise);
        broken.extend(problem.map(|problem| Broken { promise: check.promise, problem }));
    }
    broken
}

/// Runs one check on a task of its own, so that a panic or a hang in the implementation is its own failure only.
async fn run_one<S: Send + 'static>(check: &Check<S>, storage: S) -> Option<String> {
    let task = tokio::spawn((check.run)(storage));
    let stop = task.abort_handle();
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(problem))) => Some(problem.0),
        Ok(Err(panic)) => Some(format!("it panicked: {panic}")),
        Err(_) => {
            stop.abort();
            Some(format!("no answer within {} s", PATIENCE.as_secs()))
        }
    }
}

/// Runs it on a thread of its own: where a store answers at once, tasks that share a thread would take turns between
/// whole calls, and never look into the middle of one.
pub(super) fn on_its_own_thread<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work))
}

/// Fails the test where a promise is broken.
#[track_caller]
pub(super) fn assert_kept(suite: &str, broken: &[Broken]) {
    if !broken.is_empty() {
        let list: Vec<String> = broken.iter().map(Broken::to_string).collect();
        crate::fail(format!("{} promise(s) of {suite} are broken:\n\n{}\n", broken.len(), list.join("\n\n")));
    }
}
