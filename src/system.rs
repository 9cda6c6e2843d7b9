//! Process information from the operating system.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

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

/// Total system memory in bytes; `None` if the system does not report it.
pub fn total_memory() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    Some(system.total_memory()).filter(|bytes| *bytes > 0)
}

/// Available system memory (free or reclaimable) in bytes; `None` if the system does not report it.
pub fn available_memory() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    Some(system.available_memory()).filter(|bytes| *bytes > 0)
}

/// A quantity from Linux's `/proc/self/status`, in bytes.
fn bytes_of(status: &str, quantity: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(quantity))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Peak memory of this process in bytes; not available on this system.
#[cfg(not(unix))]
pub fn peak_memory() -> Option<u64> {
    None
}

/// The message of a caught panic; `None` if the payload is not a string.
pub fn panic_message(payload: &(dyn std::any::Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
}

/// Runs `work` and catches a panic without printing it.
///
/// # Errors
///
/// The message of the first panic on any thread: drivers panic on their own threads, and the panic
/// on the calling thread then only reports a closed channel.
pub fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: AtomicUsize = AtomicUsize::new(0);
    static FIRST: Mutex<Option<String>> = Mutex::new(None);
    static INSTALL: Once = Once::new();
    let first = || FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    INSTALL.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if QUIET.load(Ordering::Relaxed) == 0 {
                return usual(info);
            }
            let message = panic_message(info.payload()).map(str::to_string);
            let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
            *first = first.take().or(message);
        }));
    });
    if QUIET.fetch_add(1, Ordering::Relaxed) == 0 {
        first().take();
    }
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    QUIET.fetch_sub(1, Ordering::Relaxed);
    result.map_err(|payload| {
        let caught = panic_message(payload.as_ref()).map(str::to_string);
        first().take().or(caught).unwrap_or_else(|| "it panicked without a message".to_string())
    })
}

/// The processor's brand name and its number of cores.
pub fn processor() -> String {
    let system = sysinfo::System::new_with_specifics(
        sysinfo::RefreshKind::nothing().with_cpu(sysinfo::CpuRefreshKind::nothing()),
    );
    let brand = system.cpus().first().map_or("", |cpu| cpu.brand()).trim();
    let brand = if brand.is_empty() { std::env::consts::ARCH } else { brand };
    format!("{brand}, {} cores", system.cpus().len())
}

/// Keeps Ctrl-C a signal while a dashboard holds the terminal in raw mode; without this it would be
/// an unhandled key press.
#[cfg(unix)]
pub fn deliver_interrupts() {
    use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
    use std::time::{Duration, Instant};

    // The dashboard's own thread enters raw mode shortly after it starts.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        let Ok(mut settings) = tcgetattr(std::io::stdin()) else {
            return; // Not a terminal.
        };
        if !settings.local_flags.contains(LocalFlags::ISIG) {
            settings.local_flags.insert(LocalFlags::ISIG);
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, &settings);
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Keeps Ctrl-C a signal while a dashboard holds the terminal in raw mode.
#[cfg(not(unix))]
pub fn deliver_interrupts() {}

/// Formats a number of bytes, such as `3.2 MB`.
pub fn bytes(count: u64) -> String {
    scaled(count, [" B", " kB", " MB", " GB", " TB"])
}

/// Formats a count, such as `124.4 M`.
pub fn count(count: u64) -> String {
    scaled(count, ["", " K", " M", " G", " T"])
}

/// Formats a number in the largest unit with a value of at least 1; units are 1000 apart.
fn scaled(count: u64, units: [&str; 5]) -> String {
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{count}{}", units[0]) } else { format!("{value:.1}{}", units[unit]) }
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
    fn numbers_are_human_readable() {
        assert_eq!((bytes(999).as_str(), bytes(3_200_000).as_str()), ("999 B", "3.2 MB"));
        assert_eq!((count(65).as_str(), count(124_439_808).as_str()), ("65", "124.4 M"));
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

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        let found: Result<(), String> = quietly(|| panic!("the driver is {}", "gone"));
        assert_eq!(found, Err("the driver is gone".to_string()));
        assert_eq!(quietly(|| 7), Ok(7));
    }

    #[cfg(unix)]
    #[test]
    fn a_process_holds_some_memory() {
        assert!(peak_memory().is_some_and(|peak| peak > 1_000_000));
    }
}
