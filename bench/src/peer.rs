//! A process that does the same work with another library, driven by lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::roofline::threads;

/// A library's threads spin for some milliseconds after their work is done, which takes CPU time
/// from the next measurement.
const SETTLE: Duration = Duration::from_millis(50);

/// Waits until the threads of the previous measurement are idle.
pub fn settle() {
    thread::sleep(SETTLE);
}

/// A running peer, which responds to each line of JSON with one line.
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
    /// Starts a script of `bench/peers` with a Python that has its requirements.
    ///
    /// # Errors
    ///
    /// There is no such Python, or the script does not become ready.
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
    /// There is no such program, or it does not become ready.
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
        let questions = process.stdin.take().context("the peer has no standard input")?;
        let answers = process.stdout.take().context("the peer has no standard output")?;
        let answers = BufReader::new(answers);
        let mut peer = Self { name, ready: String::new(), process, questions, answers };
        Ready { ready: peer.ready } = peer.read()?;
        Ok(peer)
    }

    /// The libraries with their versions, and their number of threads.
    pub fn ready(&self) -> &str {
        &self.ready
    }

    /// Reads the peer's next line.
    fn read<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "{} ended without a response; see above", self.name.display());
        serde_json::from_str(&line).with_context(|| format!("{}: {line}", self.name.display()))
    }

    /// Sends a request and waits for the response.
    ///
    /// # Errors
    ///
    /// The peer has ended, or the response has an unexpected form.
    pub fn ask<Q: Serialize, T: DeserializeOwned>(&mut self, question: &Q) -> Result<T> {
        let line = serde_json::to_string(question)?;
        writeln!(self.questions, "{line}").with_context(|| self.name.display().to_string())?;
        self.questions.flush()?;
        self.read()
    }
}

/// Ends the peer's process.
impl Drop for Peer {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
