//! The program, run as a user runs it.

mod bad_input;
mod big_texts;
mod care;
mod chat;
mod embed;
mod image_tasks;
mod images;
mod pipelines;
mod pretraining;
mod recipes;
mod running_text;
mod runs;
mod target_texts;
mod tasks;
mod tokenizer;
mod tokenizers;
mod vectors;
mod verbs;
mod writing;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A model that trains a step in milliseconds.
const TINY: &[&str] = &[
    "--layers",
    "1",
    "--heads",
    "2",
    "--d-model",
    "16",
    "--context",
    "16",
    "--batch-size",
    "4",
    "--sample",
    "0",
];

/// The program, in a folder.
pub(crate) fn zoo(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zoo"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    // The user's environment must not affect the tests.
    command
        .env_remove("ZOO_DATA")
        .env_remove("ZOO_CACHE")
        .env("XDG_CACHE_HOME", folder.join("cache"));
    for name in ["HF_HOME", "HF_HUB_CACHE", "HF_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT"] {
        command.env_remove(name);
    }
    command.env("HF_HUB_OFFLINE", "1");
    command
}

pub(crate) struct Result {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

fn run(folder: &Path, args: &[&str]) -> Result {
    finish(zoo(folder, args).output().unwrap())
}

pub(crate) fn finish(output: Output) -> Result {
    Result {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn succeed(folder: &Path, args: &[&str]) -> Result {
    let result = run(folder, args);
    assert_eq!(result.code, Some(0), "zoo {}\n{}", args.join(" "), result.stderr);
    result
}

/// Runs a command that must fail: with this status, one line with all of `expected`, and no panic.
pub(crate) fn refuse(folder: &Path, args: &[&str], (code, expected): (i32, &[&str])) {
    let result = run(folder, args);
    let what = format!("zoo {}\n{}", args.join(" "), result.stderr);
    assert_eq!(result.code, Some(code), "{what}");
    assert!(!result.stderr.contains("panicked"), "{what}");
    for part in expected {
        assert!(result.stderr.contains(part), "{part:?} is not in the answer to {what}");
    }
    assert_eq!(result.stdout, "", "{what}");
}

pub(crate) fn train<'a>(extra: &[&'a str]) -> Vec<&'a str> {
    [&["train"], extra, TINY].concat()
}
