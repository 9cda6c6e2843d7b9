//! A program that does the same work with another library, asked line by line.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A running peer: it reads a line of JSON and answers with one.
#[derive(Debug)]
pub struct Peer {
    name: PathBuf,
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a script of `bench/peers` with a Python that has what it needs.
    ///
    /// # Errors
    ///
    /// There is no such Python.
    pub fn start(python: &Path, script: &str, arguments: &[String]) -> Result<Self> {
        let name = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
        let mut process = Command::new(python)
            .arg(&name)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", python.display()))?;
        let questions = process.stdin.take().context("a peer is asked on its standard input")?;
        let answers = process.stdout.take().context("a peer answers on its standard output")?;
        Ok(Self { name, process, questions, answers: BufReader::new(answers) })
    }

    /// What the peer says next.
    ///
    /// # Errors
    ///
    /// It has ended, or says something else than was expected.
    pub fn read<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "{} ended without an answer; see above", self.name.display());
        serde_json::from_str(&line).with_context(|| format!("{}: {line}", self.name.display()))
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    ///
    /// See [`Peer::read`].
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
