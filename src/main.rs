//! `zoo`: list, train, run and inspect the models of Burn Zoo.

#![recursion_limit = "256"]

use std::process::ExitCode;

fn main() -> ExitCode {
    burn_zoo::cli::main()
}
