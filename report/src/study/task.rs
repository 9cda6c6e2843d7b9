//! The tasks of a study and their metrics.

use serde::{Deserialize, Serialize};

use crate::statistics::ValueRange;

/// A task, its data and its metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The name, as the command takes it.
    pub name: String,
    /// A description of the task, in a sentence.
    pub about: String,
    /// The kind of task.
    #[serde(rename = "need")]
    pub kind: TaskKind,
    /// The primary metric.
    pub metric: Metric,
    /// SHA-256 of the data, or of the generator's output.
    pub data_hash: String,
    /// The splits of the data.
    pub splits: Vec<DataSplit>,
    /// The lengths of the shortest and the longest example, in tokens.
    pub lengths: (usize, usize),
    /// Published results on the same metric.
    pub references: Vec<Reference>,
    /// The secondary metrics of each run, in this order.
    pub secondary: Vec<Secondary>,
    /// Properties of the data that limit what is learned or scored, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The kind of task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Language modeling: predict the next token.
    Language,
    /// Masked language modeling: predict the masked tokens.
    Masked,
    /// Sequence classification: one label for a text.
    Classification,
    /// Token classification: a label for every token.
    Tagging,
    /// Sequence-to-sequence: generate another text.
    Transduction,
}

/// A metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The name, such as `accuracy` or `bits per character`.
    pub name: String,
    /// The unit, such as `%`; empty where it has none.
    pub unit: String,
    /// The better direction.
    pub better: Better,
    /// The score of random guessing.
    pub chance: Option<f64>,
    /// The best possible score.
    pub best: Option<f64>,
}

/// The better direction of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Higher scores are better.
    Higher,
    /// Lower scores are better.
    Lower,
}

impl Metric {
    /// The range of its scores: those with a best possible score are above 0 and at most the best;
    /// others are losses, which are above 0.
    pub fn range(&self) -> ValueRange {
        range(self.better, self.best)
    }
}

impl Secondary {
    /// The range of its scores; see [`Metric::range`].
    pub fn range(&self) -> ValueRange {
        range(self.better, self.best)
    }
}

fn range(better: Better, best: Option<f64>) -> ValueRange {
    match (better, best) {
        (Better::Higher, Some(most)) => ValueRange::UpTo { most },
        (Better::Lower, None) => ValueRange::Positive,
        (Better::Higher, None) | (Better::Lower, Some(_)) => ValueRange::Real,
    }
}

impl Better {
    /// The difference `by` as an improvement: positive is better.
    pub fn gain(self, by: f64) -> f64 {
        match self {
            Self::Higher => by,
            Self::Lower => -by,
        }
    }
}

/// A split of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSplit {
    /// The name: `train`, `validation` or `test`.
    pub name: String,
    /// The number of examples.
    pub examples: usize,
    /// The number of tokens, where they were counted.
    pub tokens: Option<u64>,
}

/// A published result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// The model that reached it.
    pub what: String,
    /// The score.
    pub score: f64,
    /// The publication.
    pub source: String,
}

/// A secondary metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Secondary {
    /// The name.
    pub name: String,
    /// The unit; empty where it has none.
    pub unit: String,
    /// The better direction.
    pub better: Better,
    /// The best possible score.
    #[serde(default)]
    pub best: Option<f64>,
}
