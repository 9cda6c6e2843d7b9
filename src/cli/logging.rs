//! What the libraries log, on standard error.

use std::io::Write;

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::Global;

/// Prints what our own crates log; other crates' logs say nothing to a user.
struct Lines;

/// Prints warnings from now on; with `--quiet`, errors alone.
pub(super) fn start(global: &Global) {
    let level = if global.quiet { LevelFilter::Error } else { LevelFilter::Info };
    // Fails where a logger is there already, which then does this.
    if log::set_logger(&Lines).is_ok() {
        log::set_max_level(level);
    }
}

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        const OWN: [&str; 3] = ["zoo_models", "zoo_datasets", "burn_zoo"];
        OWN.iter().any(|own| metadata.target().starts_with(own))
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = record.args();
        let mut err = anstream::stderr();
        // Nobody may be reading; the work goes on all the same.
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
