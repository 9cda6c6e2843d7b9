//! Prints the log messages of the libraries to standard error.

use std::io::Write;

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::Global;

/// Prints the messages of this project's crates; other crates' logs are not meant for users.
struct Lines;

/// Enables warnings and notes; with `--quiet`, only errors.
pub(super) fn start(global: &Global) {
    let level = if global.quiet { LevelFilter::Error } else { LevelFilter::Info };
    // Fails if a logger is already installed, which then receives the messages.
    if log::set_logger(&Lines).is_ok() {
        log::set_max_level(level);
    }
}

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        const OWN: [&str; 4] = ["zoo_models", "zoo_datasets", "zoo_train", "burn_zoo"];
        OWN.iter().any(|own| metadata.target().starts_with(own))
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = record.args();
        let mut err = anstream::stderr();
        // Standard error may be closed; the command continues.
        let _ = match record.level() {
            Level::Error | Level::Warn => {
                let yellow = anstyle::AnsiColor::Yellow.on_default().bold();
                writeln!(err, "{yellow}warning:{yellow:#} {text}")
            }
            _ => writeln!(err, "{text}"),
        };
    }

    fn flush(&self) {}
}
