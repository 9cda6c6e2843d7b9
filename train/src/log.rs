//! `metrics.jsonl`: one JSON line per training step and per validation.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zoo_models::checkpoint::{SaveError, write_atomically};

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "split", rename_all = "lowercase")]
pub enum LogLine {
    /// Logged after a training step.
    Train {
        /// The number of steps taken.
        step: usize,
        /// The number of tokens trained on.
        tokens: u64,
        /// The mean loss of the step's batch before its update, in nats per token.
        loss: f64,
        /// The learning rate.
        lr: f64,
        /// The global gradient norm before clipping.
        grad_norm: f64,
        /// Training speed in tokens per second.
        tokens_per_second: f64,
        /// Training time in seconds.
        seconds: f64,
        /// Resident memory of the process in bytes; absent if the system does not report it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memory: Option<u64>,
    },
    /// Logged after a validation.
    Valid {
        /// The number of steps taken.
        step: usize,
        /// The number of tokens trained on.
        tokens: u64,
        /// The mean loss over the whole validation split, in nats per token.
        loss: f64,
        /// The number of evaluated targets.
        targets: usize,
        /// The scores by name, in percent where they are shares.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        scores: BTreeMap<String, f64>,
        /// Training time in seconds.
        seconds: f64,
    },
}

impl LogLine {
    fn step(&self) -> usize {
        match self {
            Self::Train { step, .. } | Self::Valid { step, .. } => *step,
        }
    }
}

/// The log of a run.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    /// Opens a run's log to continue after `step`. Later lines, which a killed process wrote after
    /// its last checkpoint, are removed, and so is an incomplete line.
    ///
    /// # Errors
    ///
    /// The error names the file.
    pub(crate) fn open(path: &Path, step: usize) -> Result<Self, SaveError> {
        let in_context = |source| SaveError::Write { path: path.to_path_buf(), source };
        if path.exists() {
            let kept: Vec<LogLine> =
                read(path).map_err(in_context)?.into_iter().filter(|l| l.step() <= step).collect();
            write_atomically(path, |writer| {
                kept.iter().try_for_each(|line| writeln!(writer, "{}", json(line)?))
            })?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(in_context)?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Appends a line.
    ///
    /// # Errors
    ///
    /// The error names the file.
    pub(crate) fn write(&mut self, line: &LogLine) -> Result<(), SaveError> {
        let write = || -> std::io::Result<()> {
            let text = format!("{}\n", json(line)?);
            (&self.file).write_all(text.as_bytes())
        };
        write().map_err(|source| SaveError::Write { path: self.path.clone(), source })
    }
}

/// The lines of a log; invalid lines are skipped.
///
/// # Errors
///
/// The file cannot be read.
pub fn read(path: &Path) -> std::io::Result<Vec<LogLine>> {
    let mut lines = Vec::new();
    for line in BufReader::new(File::open(path)?).lines() {
        if let Ok(line) = serde_json::from_str(&line?) {
            lines.push(line);
        }
    }
    Ok(lines)
}

fn json(line: &LogLine) -> std::io::Result<String> {
    serde_json::to_string(line).map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(step: usize) -> LogLine {
        LogLine::Valid {
            step,
            tokens: 0,
            loss: 1.5,
            targets: 3,
            scores: BTreeMap::new(),
            seconds: 0.0,
        }
    }

    #[test]
    fn resuming_removes_lines_after_the_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut log = Log::open(&path, 0).unwrap();
        for step in 1..=4 {
            log.write(&valid(step)).unwrap();
        }
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(b"{\"split\":\"va"))
            .unwrap();
        let mut log = Log::open(&path, 2).unwrap();
        log.write(&valid(3)).unwrap();
        assert_eq!(read(&path).unwrap(), [valid(1), valid(2), valid(3)]);
    }
}
