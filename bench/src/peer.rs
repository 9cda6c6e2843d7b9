//! A program that does the same work with another library, asked line by line.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::roofline::threads;

/// Threads of a library wait for more work in a loop, for some milliseconds after they have done theirs, and
/// take the processor from whoever is measured next.
const SETTLE: Duration = Duration::from_millis(50);

/// Waits until nothing of what was measured before runs any more.
pub fn settle() {
    thread::sleep(SETTLE);
}

/// A running peer: it reads a line of JSON and answers with one.
#[derive(Debug)]
pub struct Peer {
    name: PathBuf,
    ready: String,
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// A peer's first line.
#[derive(Deserialize)]
struct Ready {
    ready: String,
}

impl Peer {
    /// Starts a script of `bench/peers` with a Python that has what it needs.
    ///
    /// # Errors
    ///
    /// There is no such Python, or the script does not get ready.
    pub fn script(python: &Path, script: &str, arguments: &[&str]) -> Result<Self> {
        let name = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
        let mut command = Command::new(python);
        command.arg(&name).args(arguments).args(["--threads", &threads().to_string()]);
        Self::start(name, command)
    }

    /// Starts a program, such as that of `bench/peers/candle`.
    ///
    /// # Errors
    ///
    /// There is no such program, or it does not get ready.
    pub fn program(file: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(file);
        command.args(arguments).env("RAYON_NUM_THREADS", threads().to_string());
        Self::start(file.to_path_buf(), command)
    }

    fn start(name: PathBuf, mut command: Command) -> Result<Self> {
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().with_context(|| {
                format!("{} cannot be started", command.get_program().display())
            })?;
        let questions = process.stdin.take().context("a peer is asked on its standard input")?;
        let answers = process.stdout.take().context("a peer answers on its standard output")?;
        let answers = BufReader::new(answers);
        let mut peer = Self { name, ready: String::new(), process, questions, answers };
        Ready { ready: peer.ready } = peer.read()?;
        Ok(peer)
    }

    /// What answers: the libraries with their versions, and how many threads they take.
    pub fn ready(&self) -> &str {
        &self.ready
    }

    /// What the peer says next.
    fn read<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "{} ended without an answer; see above", self.name.display());
        serde_json::from_str(&line).with_context(|| format!("{}: {line}", self.name.display()))
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    ///
    /// The peer has ended, or says something else than was expected.
    pub fn ask<Q: Serialize, T: DeserializeOwned>(&mut self, question: &Q) -> Result<T> {
        let line = serde_json::to_string(question)?;
        writeln!(self.questions, "{line}").with_context(|| self.name.display().to_string())?;
        self.questions.flush()?;
        self.read()
    }
}

/// A peer ends with the program that asks it, however that ends.
impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
