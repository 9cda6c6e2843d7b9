//! One run: everything that decides its numbers, and what came of it.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::measuring::Measurement;
use super::objective::ObjectiveKind;
use super::study::{Outcome, Point, Speed};
use crate::models::checkpoint::{SaveError, write_atomically};
use crate::train::AdamWConfig;

/// Everything that decides a run's numbers, on one device. Two runs with the same job are the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The task, with all of its settings.
    pub task: String,
    /// SHA-256 of its data.
    pub data_hash: String,
    /// The family.
    pub architecture: String,
    /// The `config.json`.
    pub config: Value,
    /// How it does the task.
    #[serde(rename = "way")]
    pub objective: ObjectiveKind,
    /// Decides the weights, the order of the data and what is dropped.
    pub seed: u64,
    /// The highest learning rate.
    pub rate: f64,
    /// How it is trained.
    #[serde(rename = "course")]
    pub training: TrainingConfig,
    /// What is scored.
    pub scored: Scored,
    /// As `--device` names it.
    pub device: String,
    /// What computes: programs of another version may give other numbers.
    pub version: String,
}

/// How a run is trained, whatever its learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingConfig {
    /// How long.
    pub length: Length,
    /// Examples of a step.
    pub batch_size: usize,
    /// The share of the run in which the learning rate rises.
    pub warmup: f64,
    /// The last learning rate, as a share of the highest.
    pub decay: f64,
    /// The optimizer's constants.
    pub optimizer: AdamWConfig,
    /// The largest norm of all gradients together.
    pub clip: f64,
    /// How often the validation split is scored, at equal distances; the last time is the end.
    pub evaluations: usize,
}

/// How long a run is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// So many steps.
    Steps(usize),
    /// As many steps as fit into so many seconds of training.
    Seconds(f64),
}

/// Which examples are scored: the first ones of a part, which are in random order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scored {
    /// Examples of the validation split.
    pub validation: usize,
    /// Examples of the test split; `None` where the run only tries a learning rate.
    pub test: Option<usize>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What was done.
    pub job: Job,
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen on the way.
    pub curve: Vec<Point>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How fast it was and what it needed.
    pub speed: Speed,
}

/// What a process of its own is told to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkItem {
    /// A run.
    Run(Box<Job>),
    /// A measurement.
    Measure(Box<Measurement>),
}

/// What came of a work item, and is kept.
pub trait CacheEntry: Serialize + DeserializeOwned {
    /// Everything that decided it.
    type Input: Serialize + PartialEq;

    /// What it came of.
    fn input(&self) -> &Self::Input;
}

impl CacheEntry for Record {
    type Input = Job;

    fn input(&self) -> &Job {
        &self.job
    }
}

/// The optimizer of every run.
pub fn optimizer(weight_decay: f64) -> AdamWConfig {
    AdamWConfig { beta_1: 0.9, beta_2: 0.98, epsilon: 1e-8, weight_decay }
}

/// A score to 12 digits. What is behind them is noise, and a number of so few digits is read from JSON as
/// it was written.
pub fn rounded(score: f64) -> f64 {
    format!("{score:.11e}").parse().unwrap_or(score)
}

impl Job {
    /// The name of the run: a hash of everything that decides its numbers.
    pub fn key(&self) -> String {
        key(self)
    }
}

/// A hash of everything that a work item says.
fn key(input: &impl Serialize) -> String {
    // A value sorts its fields, so that their order in the source does not matter.
    let canonical = serde_json::to_value(input).map(|value| value.to_string());
    let hash = Sha256::digest(canonical.unwrap_or_default().as_bytes());
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What is done, each in a file that is named by the hash of its work item.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// What is kept in a folder, which is made when the first thing is.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// What came of a work item that was done.
    ///
    /// A file that cannot be read as that is none: it is done again.
    pub fn get<K: CacheEntry>(&self, input: &K::Input) -> Option<K> {
        let text = std::fs::read_to_string(self.path(input)).ok()?;
        let entry: K = serde_json::from_str(&text).ok()?;
        (entry.input() == input).then_some(entry)
    }

    /// Keeps what came of a work item. Either the whole of it is there, or nothing.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn put<K: CacheEntry>(&self, entry: &K) -> Result<(), SaveError> {
        make_folder(&self.folder)?;
        write_atomically(&self.path(entry.input()), |file| {
            serde_json::to_writer(file, entry).map_err(Into::into)
        })
    }

    fn path(&self, input: &impl Serialize) -> PathBuf {
        self.folder.join(format!("{}.json", key(input)))
    }
}

/// Makes a folder that files are written to.
pub(super) fn make_folder(folder: &Path) -> Result<(), SaveError> {
    let in_context = |source| SaveError::Write { path: folder.to_path_buf(), source };
    std::fs::create_dir_all(folder).map_err(in_context)
}
