//! The program.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use super::verb::Cli;
use super::{complain, error, logging, renamed, train};
use crate::device;

/// Parses the command line, runs the subcommand, and returns the exit status.
pub fn main() -> ExitCode {
    let arguments = match train::expand(Cli::command(), std::env::args_os().collect()) {
        Ok(arguments) => arguments,
        Err(error) => {
            complain(&format!("zoo train: {error}"));
            return ExitCode::from(2);
        }
    };
    let Cli { global, verb } = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return renamed::refuse(&error),
    };
    logging::start(&global);
    if global.no_fusion {
        device::without_fusion();
    }
    match verb.run(&global) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error::status(&error),
    }
}
