//! Recipes: TOML files with the flags of `zoo train`, which every run writes and can be made from.

mod expand;
mod write;

pub(in crate::cli) use expand::expand;
pub(super) use write::write;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::args::TrainArgs;

/// The flags of `zoo train`, with those that the user gave.
pub(crate) struct TrainCommand(pub(super) TrainArgs);

/// A flag on the command line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GivenFlag {
    /// The section of a recipe.
    section: String,
    /// Its key.
    key: String,
    /// Its values; none for a switch.
    values: Vec<String>,
}

/// Flags that decide no result, or where it goes.
const NOT_IN_RECIPES: [&str; 5] = ["resume", "out", "no-tui", "sample", "epochs"];

/// The section of a flag; `None` if it is not part of recipes.
fn section(flag: &Arg) -> Option<String> {
    match flag.get_id().as_str() {
        "family" => Some("model".to_string()),
        "seed" => Some("run".to_string()),
        _ => flag.get_help_heading().map(|heading| heading.to_lowercase().replace(' ', "-")),
    }
}

/// The key of a flag.
fn key(flag: &Arg) -> &str {
    flag.get_long().unwrap_or(flag.get_id().as_str())
}

fn is_switch(flag: &Arg) -> bool {
    matches!(flag.get_action(), ArgAction::SetTrue)
}

/// The flags that the user gave.
fn given(flags: &Command, matches: &ArgMatches) -> Vec<GivenFlag> {
    let mut found = Vec::new();
    for flag in flags.get_arguments() {
        let id = flag.get_id().as_str();
        let is_given = matches.value_source(id) == Some(ValueSource::CommandLine);
        let (Some(section), true) = (section(flag), is_given) else { continue };
        if NOT_IN_RECIPES.contains(&key(flag)) {
            continue;
        }
        let values = match is_switch(flag) {
            true => Vec::new(),
            false => matches.get_raw(id).unwrap_or_default().map(lossy).collect(),
        };
        found.push(GivenFlag { section, key: key(flag).to_string(), values });
    }
    found
}

fn lossy(value: &std::ffi::OsStr) -> String {
    value.to_string_lossy().into_owned()
}

impl FromArgMatches for TrainCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = TrainArgs::from_arg_matches(matches)?;
        args.given = given(&TrainArgs::augment_args(Command::new("train")), matches);
        Ok(Self(args))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for TrainCommand {
    fn augment_args(command: Command) -> Command {
        TrainArgs::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        TrainArgs::augment_args_for_update(command)
    }
}
