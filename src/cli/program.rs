//! The program.

use std::process::ExitCode;

use clap::Parser;

use super::verb::Cli;
use super::{error, logging, renamed};
use crate::device;

/// Parses the command line, runs the subcommand, and returns the exit status.
pub fn main() -> ExitCode {
    let Cli { global, verb } = match Cli::try_parse() {
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
