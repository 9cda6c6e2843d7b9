//! Flags under their former names: refused with the name that took their place.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::complain;

/// A flag of a verb that has another name now.
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

/// Answers a command line that cannot be parsed: by the new name where it has a former one, otherwise as clap does.
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
