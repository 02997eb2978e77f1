use std::fs;
use std::time::{Duration, Instant};

/// Other processes may use so much of one core before a run is called disturbed.
pub(crate) const LOUD: f64 = 0.2;

/// Clock ticks per second in /proc: 100, so 10 ms each, on every Linux that we know.
const TICKS: f64 = 100.0;

/// Watches what other processes use while something is measured. Kernel threads count as others, except for the time
/// that the kernel spends on interrupts.
pub(crate) struct Watch {
    began: Instant,
    ticks: Option<u64>,
}

impl Watch {
    /// Starts watching.
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), ticks: others() }
    }

    /// The cores that others have used since, on average; none where the system does not say.
    pub(crate) fn cores(&self) -> Option<f64> {
        let ticks = others()?.saturating_sub(self.ticks?);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let ticks = ticks as f64;
        Some(ticks / TICKS / self.began.elapsed().as_secs_f64().max(0.01))
    }
}

/// Time that may be spent on waiting for the machine to be quiet.
pub(crate) struct Patience(Duration);

/// How long others must be quiet before something is measured.
const QUIET_FOR: Duration = Duration::from_secs(1);

impl Patience {
    /// So much time, over everything that is measured.
    pub(crate) fn of(time: Duration) -> Self {
        Self(time)
    }

    /// Measures in quiet, and gives the cores that others used nevertheless. What was disturbed is measured again, and what
    /// came out is forgotten, until it was not disturbed or there is no patience left.
    pub(crate) fn in_quiet<T, E>(
        &mut self,
        measure: &mut impl FnMut() -> Result<T, E>,
    ) -> Result<(T, Option<f64>), E> {
        loop {
            self.wait();
            let watch = Watch::start();
            let measured = measure()?;
            let cores = watch.cores();
            if self.0.is_zero() || cores.is_none_or(|cores| cores <= LOUD) {
                return Ok((measured, cores));
            }
            self.0 = self.0.saturating_sub(watch.began.elapsed());
        }
    }

    fn wait(&mut self) {
        while !self.0.is_zero() {
            let watch = Watch::start();
            std::thread::sleep(QUIET_FOR);
            if watch.cores().is_none_or(|cores| cores <= LOUD) {
                return;
            }
            self.0 = self.0.saturating_sub(QUIET_FOR);
        }
    }
}

/// The processor time that this process has used; zero where the system does not say.
pub(crate) fn own_time() -> Duration {
    let ticks = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| own(&stat)).unwrap_or(0);
    Duration::from_millis(ticks * 10)
}

/// The processor time that the present threads of this process have used, to the nanosecond: for spans in which no thread
/// ends. None where the system does not say.
pub(crate) fn threads_time() -> Option<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let told = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        nanos += told.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanos))
}

/// Ticks of processor time that others have used since the machine started.
fn others() -> Option<u64> {
    let all = busy(&fs::read_to_string("/proc/stat").ok()?)?;
    let own = own(&fs::read_to_string("/proc/self/stat").ok()?)?;
    Some(all.saturating_sub(own))
}

/// user, nice, system and steal of the first line: see proc(5).
fn busy(stat: &str) -> Option<u64> {
    let mut numbers = stat.lines().next()?.split_whitespace().skip(1).map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (user, nice, system) = (next()?, next()?, next()?);
    let (_idle, _iowait, _irq, _softirq) = (next()?, next()?, next()?, next()?);
    Some(user + nice + system + next()?)
}

/// utime and stime: the 14th and 15th field, counted after the name, which may hold spaces.
fn own(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn another_process_is_heard_and_our_own_work_is_not() {
        let watch = Watch::start();
        while watch.began.elapsed().as_millis() < 300 {
            std::hint::spin_loop();
        }
        let alone = watch.cores().unwrap();

        let watch = Watch::start();
        let mut other = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(600));
        let disturbed = watch.cores().unwrap();
        other.kill().unwrap();
        other.wait().unwrap();
        // Other tests may be running beside this one: the first number has no bound that always holds.
        assert!(disturbed > 0.3, "{disturbed} (alone {alone})");
    }

    #[test]
    fn without_patience_one_run_is_taken_as_it_comes() {
        let mut runs = 0;
        let measured = Patience::of(Duration::ZERO).in_quiet(&mut || {
            runs += 1;
            Ok::<_, ()>(runs)
        });
        assert_eq!(measured.unwrap().0, 1);
    }

    #[test]
    fn patience_ends() {
        let began = Instant::now();
        let mut patience = Patience::of(Duration::from_millis(1_500));
        let mut slowly = || {
            std::thread::sleep(Duration::from_millis(100));
            Ok::<_, ()>(())
        };
        patience.in_quiet(&mut slowly).unwrap();
        assert!(began.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_process_name_with_spaces_and_brackets_is_read() {
        assert_eq!(own("1 (a) b) S 1 1 1 0 -1 4194560 1 1 1 1 700 30 0 0 20 0 1"), Some(730));
        assert_eq!(busy("cpu  1 2 4 100 100 100 100 8 0 0\ncpu0 1"), Some(15));
    }
}
