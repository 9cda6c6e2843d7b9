//! A job: everything that determines the results of a run, and the cache of results.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::measuring::Measurement;
use super::objective::ObjectiveKind;
use super::pretrained::InitFrom;
use crate::models::checkpoint::{SaveError, write_atomically};
use crate::report::study::{CurvePoint, Outcome, Speed};
use crate::train::{AdamWConfig, TrainLength};

/// Everything that determines the results of a run, on one device. Runs of equal jobs are
/// identical.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The task, with all of its settings.
    pub task: String,
    /// SHA-256 of the task's data.
    pub data_hash: String,
    /// The family.
    pub architecture: String,
    /// The `config.json`.
    pub config: Value,
    /// The checkpoint of the initial weights; `None` for random ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_from: Option<InitFrom>,
    /// The training objective.
    #[serde(rename = "way")]
    pub objective: ObjectiveKind,
    /// The seed of the initial weights, the order of the data and dropout.
    pub seed: u64,
    /// The peak learning rate.
    pub rate: f64,
    /// The training settings.
    #[serde(rename = "course")]
    pub training: TrainingConfig,
    /// The examples that are scored.
    pub scored: Scored,
    /// The device, as in `--device`.
    pub device: String,
    /// The version of the code, [`VERSION`](super::VERSION): other versions may compute other
    /// results.
    pub version: String,
}

/// The training settings of a run, except the learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingConfig {
    /// The length of the run.
    pub length: TrainLength,
    /// Examples per step.
    pub batch_size: usize,
    /// The share of the run in which the learning rate warms up.
    pub warmup: f64,
    /// The final learning rate, as a share of the peak.
    pub decay: f64,
    /// The optimizer's hyperparameters.
    pub optimizer: AdamWConfig,
    /// The gradient-clipping threshold: the largest global norm.
    pub clip: f64,
    /// The number of evaluations on the validation split, at equal distances; the last is at the
    /// end.
    pub evaluations: usize,
}

/// How many examples are scored: the first ones of each split, which is in random order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scored {
    /// Examples of the validation split.
    pub validation: usize,
    /// Examples of the test split; `None` for a learning-rate trial.
    pub test: Option<usize>,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The job of the run.
    pub job: Job,
    /// The outcome.
    pub outcome: Outcome,
    /// The training curve.
    pub curve: Vec<CurvePoint>,
    /// Wall-clock time, in seconds.
    pub seconds: f64,
    /// Speed and memory.
    pub speed: Speed,
}

/// The input of a worker subprocess.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkItem {
    /// A run.
    Run {
        /// The job.
        job: Box<Job>,
        /// The folder for its best weights; `None` to drop them.
        weights: Option<PathBuf>,
    },
    /// A measurement.
    Measure(Box<Measurement>),
}

/// A result of a work item that can be cached.
pub trait CacheEntry: Serialize + DeserializeOwned {
    /// Everything that determines the result: the cache key.
    type Input: Serialize + PartialEq;

    /// The input that the result was computed from.
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

impl Job {
    /// The key of the run: a hash of everything that determines its results.
    pub fn key(&self) -> String {
        key(self)
    }
}

/// A hash of all fields of a work item.
fn key(input: &impl Serialize) -> String {
    // A JSON value sorts its fields, so the hash does not depend on their order in the source.
    let canonical = serde_json::to_value(input).map(|value| value.to_string());
    let hash = Sha256::digest(canonical.unwrap_or_default().as_bytes());
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A cache of results, each in a file that is named by the hash of its work item.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// A cache in a folder, which is created when the first entry is stored.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// The cached result of a work item.
    ///
    /// An unreadable entry is a cache miss.
    pub fn get<K: CacheEntry>(&self, input: &K::Input) -> Option<K> {
        let text = std::fs::read_to_string(self.path(input)).ok()?;
        let entry: K = serde_json::from_str(&text).ok()?;
        (entry.input() == input).then_some(entry)
    }

    /// Stores a result atomically.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn put<K: CacheEntry>(&self, entry: &K) -> Result<(), SaveError> {
        let in_context = |source| SaveError::Write { path: self.folder.clone(), source };
        std::fs::create_dir_all(&self.folder).map_err(in_context)?;
        write_atomically(&self.path(entry.input()), |file| {
            serde_json::to_writer(file, entry).map_err(Into::into)
        })
    }

    fn path(&self, input: &impl Serialize) -> PathBuf {
        self.folder.join(format!("{}.json", key(input)))
    }
}
