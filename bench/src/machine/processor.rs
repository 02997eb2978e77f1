use std::fs;
use std::time::Instant;

/// Other processes may use so much of one core before a run is called disturbed.
pub(crate) const LOUD: f64 = 0.2;

/// Clock ticks per second in /proc: 100 on every Linux that we know.
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
    fn a_process_name_with_spaces_and_brackets_is_read() {
        assert_eq!(own("1 (a) b) S 1 1 1 0 -1 4194560 1 1 1 1 700 30 0 0 20 0 1"), Some(730));
        assert_eq!(busy("cpu  1 2 4 100 100 100 100 8 0 0\ncpu0 1"), Some(15));
    }
}
