//! Callers: many that each wait for their answer (closed loop), or one beat that waits for nobody (open loop).

use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use watershed::core::Command;
use watershed::runtime::Running;

use crate::coop::key;
use crate::error::Problem;
use crate::machine::own_time;
use crate::stats::{Histogram, Load, micros_each};

/// The time before a run that is not counted, as a share of the run: caches fill, callers fall into step.
const WARM_UP: f64 = 0.2;

/// Runs `callers` tasks, each of which does one thing after the other as long as its [`Turns`] last.
pub(crate) async fn closed_loop<F>(
    callers: u64,
    time: Duration,
    caller: impl Fn(Turns) -> F,
) -> Result<Load, Problem>
where
    F: Future<Output = Result<Turns, Problem>> + Send + 'static,
{
    let (begin, used) = (Instant::now() + time.mul_f64(WARM_UP), own_time());
    let mut tasks = JoinSet::new();
    for first in 0..callers {
        tasks.spawn(caller(Turns {
            begin,
            end: begin + time,
            next: first,
            step: callers,
            taken: 0,
            asked: Instant::now(),
            latency: Histogram::default(),
        }));
    }
    let mut latency = Histogram::default();
    let mut all = 0;
    while let Some(task) = tasks.join_next().await {
        let turns = task.map_err(|_| Problem::Panicked("a caller"))??;
        latency.merge(&turns.latency);
        all += turns.taken;
    }
    Ok(Load { latency, took: time, processor: micros_each(own_time() - used, all) })
}

/// Has `callers` send commands for so long, each with an idempotency key of its own. `command` makes the command of a number that
/// no other command has.
pub(crate) async fn commands<C: Command>(
    running: &Running,
    callers: u64,
    time: Duration,
    command: impl Fn(u64) -> C + Clone + Send + 'static,
) -> Result<Load, Problem> {
    commands_from(running, 0, callers, time, command).await
}

/// The same with numbers from `first` on, where others have sent those before.
pub(crate) async fn commands_from<C: Command>(
    running: &Running,
    first: u64,
    callers: u64,
    time: Duration,
    command: impl Fn(u64) -> C + Clone + Send + 'static,
) -> Result<Load, Problem> {
    closed_loop(callers, time, |mut turns| {
        let (running, command) = (running.clone(), command.clone());
        async move {
            while let Some(number) = turns.next() {
                let number = first + number;
                running.send(command(number)).key(key(number)).await.map_err(Problem::product)?;
                turns.done();
            }
            Ok(turns)
        }
    })
    .await
}

/// Begins `per_second` things a second for `time`, whether those before are done or not, and gives how long each took from
/// when it was due.
pub(crate) async fn open_loop<F>(
    per_second: u32,
    time: Duration,
    mut act: impl FnMut(u64) -> F + Send + 'static,
) -> Result<Histogram, Problem>
where
    F: Future<Output = Result<(), Problem>> + Send + 'static,
{
    let runtime = Handle::current();
    let began = Instant::now();
    let beat = Duration::from_secs(1) / per_second;
    // A thread of its own: the runtime's timer ticks in milliseconds, and would make a burst of every tick.
    let pacer = std::thread::Builder::new().name("pacer".into()).spawn(move || {
        let mut begun = Vec::new();
        let (mut number, mut due) = (0, began);
        while due < began + time {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let (act, since) = (act(number), due);
            begun.push(runtime.spawn(async move { act.await.map(|()| since.elapsed()) }));
            (number, due) = (number + 1, due + beat);
        }
        begun
    })?;
    tokio::time::sleep(time).await;
    let begun = tokio::task::spawn_blocking(|| pacer.join()).await;
    let begun = begun.ok().and_then(Result::ok).ok_or(Problem::Panicked("the pacer"))?;
    let mut latency = Histogram::default();
    for task in begun {
        latency.record(task.await.map_err(|_| Problem::Panicked("a command"))??);
    }
    Ok(latency)
}

/// The turns of one caller in a closed loop.
pub(crate) struct Turns {
    begin: Instant,
    end: Instant,
    next: u64,
    step: u64,
    /// How many there were, the warm-up's included.
    taken: u64,
    asked: Instant,
    latency: Histogram,
}

impl Turns {
    /// A number that no other turn of any caller has, or the end. The time of the turn runs from here. Where nothing has counted yet there
    /// is one more: in a quick run on a busy machine nothing else might be answered in time.
    pub(crate) fn next(&mut self) -> Option<u64> {
        let number = self.next;
        self.next += self.step;
        self.asked = Instant::now();
        (self.asked < self.end || self.latency.count() == 0).then_some(number)
    }

    /// The turn's answer has come.
    pub(crate) fn done(&mut self) {
        let answered = Instant::now();
        self.taken += 1;
        let is_in_time = answered <= self.end || self.latency.count() == 0;
        if self.asked >= self.begin && is_in_time {
            self.latency.record(answered - self.asked);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_caller_whose_turn_takes_longer_than_the_run_counts_it() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let load = runtime
            .block_on(closed_loop(3, Duration::from_millis(10), |mut turns| async move {
                while turns.next().is_some() {
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    turns.done();
                }
                Ok(turns)
            }))
            .unwrap();
        assert_eq!(load.latency.count(), 3);
    }

    #[test]
    fn no_two_turns_share_a_number_and_the_warm_up_is_not_counted() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let load = runtime
            .block_on(closed_loop(8, Duration::from_millis(100), |mut turns| {
                let seen = seen.clone();
                async move {
                    while let Some(number) = turns.next() {
                        seen.lock().unwrap().push(number);
                        tokio::time::sleep(Duration::from_millis(2)).await;
                        turns.done();
                    }
                    Ok(turns)
                }
            }))
            .unwrap();
        let seen = seen.lock().unwrap();
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
        assert!(load.latency.count() < seen.len() as u64);
        assert!(load.latency.count() > 0);
        assert!(load.latency.millis(0.5) >= 2.0);
    }
}
