use std::collections::HashMap;
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
    let ticks =
        fs::read_to_string("/proc/self/stat").ok().and_then(|stat| of(&stat)).map_or(0, |own| own.used);
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
    Some(all.saturating_sub(ours()?))
}

/// Ticks of this process and of those that it has started, and that they have: servers, and nodes of its own. Of one that has
/// ended, whoever started it knows.
fn ours() -> Option<u64> {
    let mut all = HashMap::new();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // It may have ended meanwhile.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        all.extend(of(&stat).map(|process| (id, process)));
    }
    let own = std::process::id();
    let is_ours = |mut id: u32| {
        while id != own {
            match all.get(&id) {
                Some(process) => id = process.parent,
                None => return false,
            }
        }
        true
    };
    Some(all.iter().filter(|(id, _)| is_ours(**id)).map(|(_, process)| process.used + process.ended).sum())
}

/// What a process has used.
struct Process {
    parent: u32,
    used: u64,
    /// What its children have used that have ended.
    ended: u64,
}

/// ppid, utime and stime, cutime and cstime: the 4th and the 14th to 17th field, counted after the name, which may hold spaces.
fn of(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    let parent = fields.get(1)?.parse().ok()?;
    Some(Process { parent, used: ticks(11)? + ticks(12)?, ended: ticks(13)? + ticks(14)? })
}

/// user, nice, system and steal of the first line: see proc(5).
fn busy(stat: &str) -> Option<u64> {
    let mut numbers = stat.lines().next()?.split_whitespace().skip(1).map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (user, nice, system) = (next()?, next()?, next()?);
    let (_idle, _iowait, _irq, _softirq) = (next()?, next()?, next()?, next()?);
    Some(user + nice + system + next()?)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn another_process_is_heard_and_our_own_work_is_not() {
        let watch = Watch::start();
        while watch.began.elapsed().as_millis() < 300 {
            std::hint::spin_loop();
        }
        let alone = watch.cores().unwrap();

        let watch = Watch::start();
        // Whoever has started it ends at once, so that it is nobody's of ours.
        let begin = "(while :; do :; done) >/dev/null 2>&1 & echo $!";
        let begun = Command::new("sh").args(["-c", begin]).output().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(600));
        let disturbed = watch.cores().unwrap();
        let other = String::from_utf8(begun.stdout).unwrap();
        Command::new("kill").args(["-KILL", other.trim()]).status().unwrap();
        // Other tests may be running beside this one: the first number has no bound that always holds.
        assert!(disturbed > 0.3, "{disturbed} (alone {alone})");
    }

    #[test]
    fn what_this_process_has_started_is_its_own_while_it_runs_and_when_it_has_ended() {
        let before = ours().unwrap();
        let loops = "while :; do :; done & echo $!; wait";
        let mut server = Command::new("sh").args(["-c", loops]).stdout(Stdio::piped()).spawn().unwrap();
        let mut below = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut below).unwrap();
        std::thread::sleep(Duration::from_millis(600));
        let running = ours().unwrap();
        Command::new("kill").args(["-KILL", below.trim()]).status().unwrap();
        server.wait().unwrap();
        let ended = ours().unwrap();
        assert!(running >= before + 10, "{before} {running}");
        assert!(ended >= running, "{running} {ended}");
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
        let read = of("1 (a) b) S 7 1 1 0 -1 4194560 1 1 1 1 700 30 5 6 20 0 1").unwrap();
        assert_eq!((read.parent, read.used, read.ended), (7, 730, 11));
        assert_eq!(busy("cpu  1 2 4 100 100 100 100 8 0 0\ncpu0 1"), Some(15));
    }
}
