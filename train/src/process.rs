//! This process: its memory, its panics and its time.

/// Peak memory (resident set) of this process in bytes; `None` if the system does not report it.
#[cfg(unix)]
pub fn peak_memory() -> Option<u64> {
    use nix::sys::resource::{UsageWho, getrusage};
    // On Linux getrusage still counts what ran before `exec`: under `cargo run`, cargo itself.
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        return bytes_of(&status, "VmHWM:");
    }
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    // macOS counts bytes, the others kibibytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    u64::try_from(usage.max_rss()).ok().map(|peak| peak * unit)
}

/// Current memory (resident set) of this process in bytes; `None` if the system does not report it.
pub fn memory() -> Option<u64> {
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        return bytes_of(&status, "VmRSS:");
    }
    let process = sysinfo::get_current_pid().ok()?;
    let mut system = sysinfo::System::new();
    system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[process]), true);
    Some(system.process(process)?.memory())
}

/// Peak memory of this process in bytes; not available on this system.
#[cfg(not(unix))]
pub fn peak_memory() -> Option<u64> {
    None
}

/// A quantity from Linux's `/proc/self/status`, in bytes.
fn bytes_of(status: &str, quantity: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(quantity))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The message of a caught panic; `None` if the payload is not a string.
pub fn panic_message(payload: &(dyn std::any::Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
}

/// Formats a duration in seconds, such as `3m 05s`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m {rest:02}s"),
        _ => format!("{hours}h {minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_human_readable() {
        assert_eq!(duration(185.2), "3m 05s");
        assert_eq!((duration(0.4).as_str(), duration(7260.0).as_str()), ("0s", "2h 01m"));
    }

    #[test]
    fn memory_is_read_in_kibibytes() {
        let status = "VmPeak:\t  999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(bytes_of(status, "VmHWM:"), Some(2_097_152));
        assert_eq!(bytes_of(status, "VmRSS:"), Some(1024));
        assert_eq!(bytes_of("VmRSS:\t 1 kB\n", "VmHWM:"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_process_holds_some_memory() {
        assert!(peak_memory().is_some_and(|peak| peak > 1_000_000));
    }
}
