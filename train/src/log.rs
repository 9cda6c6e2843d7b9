//! `metrics.jsonl`: one JSON line per training step and per validation.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zoo_models::checkpoint::{SaveError, write_atomically};

use crate::tensorboard::{EventFile, Scalar};

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
    /// The values of TensorBoard's charts.
    fn scalars(&self) -> Vec<Scalar> {
        match self {
            Self::Train { loss, lr, grad_norm, tokens_per_second, memory, .. } => {
                let mut scalars = vec![
                    Scalar::new("train/loss", *loss),
                    Scalar::new("train/lr", *lr),
                    Scalar::new("train/grad_norm", *grad_norm),
                    Scalar::new("train/tokens_per_second", *tokens_per_second),
                ];
                scalars.extend(memory.map(|bytes| Scalar::new("train/memory", bytes as f64)));
                scalars
            }
            Self::Valid { loss, scores, .. } => {
                let score =
                    |(name, value): (&String, &f64)| Scalar::new(format!("valid/{name}"), *value);
                let loss = Scalar::new("valid/loss", *loss);
                std::iter::once(loss).chain(scores.iter().map(score)).collect()
            }
        }
    }

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
    /// TensorBoard's copy of the log.
    events: Option<EventFile>,
}

impl Log {
    /// Opens a run's log to continue after `step`, or from the beginning. Later lines, which a
    /// killed process wrote after its last checkpoint, are removed, and so is an incomplete line.
    ///
    /// # Errors
    ///
    /// The error names the file.
    pub(crate) fn open(path: &Path, step: Option<usize>) -> Result<Self, SaveError> {
        let in_context = |source| SaveError::Write { path: path.to_path_buf(), source };
        if path.exists() {
            let is_kept = |line: &LogLine| step.is_some_and(|step| line.step() <= step);
            let kept: Vec<LogLine> =
                read(path).map_err(in_context)?.into_iter().filter(is_kept).collect();
            write_atomically(path, |writer| {
                kept.iter().try_for_each(|line| writeln!(writer, "{}", json(line)?))
            })?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(in_context)?;
        Ok(Self { file, path: path.to_path_buf(), events: None })
    }

    /// The same with an event file of TensorBoard.
    pub(crate) fn with_events(self, events: EventFile) -> Self {
        Self { events: Some(events), ..self }
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
        write().map_err(|source| SaveError::Write { path: self.path.clone(), source })?;
        match &self.events {
            Some(events) => events.write(line.step(), &line.scalars()),
            None => Ok(()),
        }
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
        let mut log = Log::open(&path, None).unwrap();
        for step in 1..=4 {
            log.write(&valid(step)).unwrap();
        }
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(b"{\"split\":\"va"))
            .unwrap();
        let mut log = Log::open(&path, Some(2)).unwrap();
        log.write(&valid(3)).unwrap();
        assert_eq!(read(&path).unwrap(), [valid(1), valid(2), valid(3)]);
    }
}
