//! Packages that tests download from PyPI, if it is reachable.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Options of `pip install`: wheels only, and no long wait without a network.
const INSTALL: [&str; 11] = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--timeout",
    "20",
    "--retries",
    "1",
    "--only-binary",
    ":all:",
    "--disable-pip-version-check",
];

/// Installs a package with this Python. The error is the last line of pip's output.
pub(crate) fn install(python: &Path, arguments: &[&OsStr]) -> Result<(), String> {
    let install = INSTALL.map(OsStr::new);
    run(python, &[&install, arguments].concat()).map(drop)
}

/// Runs a program. Returns its standard output, or the last line of its standard error.
pub(crate) fn run(program: &Path, arguments: &[&OsStr]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| format!("{} does not run: {error}", program.display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_string());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(errors.lines().last().unwrap_or_default().to_string())
}

/// The downloaded value. Without one, the test is skipped with a message, or fails if
/// `ZOO_MUST_FETCH` is set.
pub(crate) fn or_skip<T>(fetched: Result<T, String>, skipped: &str) -> Option<T> {
    fetched
        .map_err(|reason| {
            let must = std::env::var_os("ZOO_MUST_FETCH").is_some();
            assert!(!must, "cannot be fetched: {reason}");
            // Past the test's capture, so that the message is visible.
            let mut past_capture = std::io::stderr();
            writeln!(past_capture, "\nSKIPPED {skipped}: {reason}").unwrap();
        })
        .ok()
}
