//! Errors of the command line and their exit statuses.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::models::checkpoint::LoadError;

/// A usage error: exit status 2.
#[derive(Debug)]
struct Usage(String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// A usage error with this message.
pub(super) fn usage(message: impl ToString) -> anyhow::Error {
    Usage(message.to_string()).into()
}

/// Prints an error message to standard error.
pub(super) fn complain(text: &str) {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    // Standard error may be closed; the exit status still reports the failure.
    let _ = writeln!(anstream::stderr(), "{red}error:{red:#} {text}");
}

/// The exit status of a subcommand that failed, after its error message.
pub(super) fn status(error: &anyhow::Error) -> ExitCode {
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return ExitCode::SUCCESS; // The reader closed the pipe early, as `head` does.
    }
    // Each message already includes its cause.
    complain(&error.to_string());
    let names_no_model =
        matches!(error.downcast_ref::<LoadError>(), Some(LoadError::NotAModel { .. }));
    if names_no_model || error.is::<Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}
