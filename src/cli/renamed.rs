//! Former names of flags: rejected with an error that gives the new name.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::complain;

/// A renamed flag of a subcommand.
struct Renamed {
    verb: &'static str,
    old: &'static str,
    new: &'static str,
}

const RENAMED: &[Renamed] = &[
    Renamed { verb: "train", old: "--from", new: "--init-from" },
    Renamed { verb: "train", old: "--text", new: "--text-file" },
    Renamed { verb: "train", old: "--plain", new: "--no-tui" },
    Renamed { verb: "generate", old: "--lines", new: "--stdin-lines" },
    Renamed { verb: "generate", old: "--draft", new: "--draft-model" },
    Renamed { verb: "generate", old: "--ahead", new: "--num-draft-tokens" },
];

/// Reports a command line that cannot be parsed: with the new name of a renamed flag, otherwise as
/// clap does.
pub(super) fn refuse(error: &clap::Error) -> ExitCode {
    let Some(Renamed { verb, old, new }) = find(error) else { error.exit() };
    complain(&format!("zoo {verb}: {old} was renamed to {new}"));
    ExitCode::from(2)
}

fn find(error: &clap::Error) -> Option<&'static Renamed> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    // "Usage: zoo train [OPTIONS] [FAMILY]"
    let usage = error.get(ContextKind::Usage)?.to_string();
    let verb = usage.split_whitespace().nth(2)?;
    let is_unknown = error.kind() == ErrorKind::UnknownArgument;
    RENAMED.iter().find(|known| is_unknown && known.verb == verb && known.old == flag)
}
