use std::fs;

/// The most memory that this process has had at once since [`forget_peak`], in MiB; none where the system does not say.
pub(crate) fn peak_mebibytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib / 1_024.0)
}

/// Has the peak begin anew from what is used now. Where the system does not allow it, the peak stays what it was: too
/// high, never too low.
pub(crate) fn forget_peak() {
    // 5 resets the peak: see proc(5), clear_refs.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_seen_after_the_memory_is_given_back() {
        forget_peak();
        let before = peak_mebibytes().unwrap();
        let block = std::hint::black_box(vec![1_u8; 256 << 20]);
        drop(block);
        assert!(peak_mebibytes().unwrap() > before + 200.0);
    }
}
