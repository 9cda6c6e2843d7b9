//! Information about this machine and this process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

pub use zoo_train::process::{duration, memory, panic_message, peak_memory};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_human_readable() {
        assert_eq!((bytes(999).as_str(), bytes(3_200_000).as_str()), ("999 B", "3.2 MB"));
        assert_eq!((count(65).as_str(), count(124_439_808).as_str()), ("65", "124.4 M"));
    }

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        let found: Result<(), String> = quietly(|| panic!("the driver is {}", "gone"));
        assert_eq!(found, Err("the driver is gone".to_string()));
        assert_eq!(quietly(|| 7), Ok(7));
    }
}
