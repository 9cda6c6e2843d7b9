//! What is to be learnt, and how it is scored.

use serde::{Deserialize, Serialize};

/// A task, its data and its scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its name, as the command takes it.
    pub name: String,
    /// What it asks, in a sentence.
    pub about: String,
    /// What an architecture must be able to do.
    #[serde(rename = "need")]
    pub kind: TaskKind,
    /// What a score is.
    pub metric: Metric,
    /// SHA-256 of the data, or of the generator's output.
    pub data_hash: String,
    /// The parts of the data.
    pub splits: Vec<DataSplit>,
    /// The shortest and the longest example, in tokens.
    pub lengths: (usize, usize),
    /// Published results on the same metric.
    pub references: Vec<Reference>,
    /// Other scores that each run has, in this order.
    pub secondary: Vec<Secondary>,
}

/// What an architecture must be able to do for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Say what comes next.
    Language,
    /// Fill what is hidden.
    Masked,
    /// One label for a text.
    Classification,
    /// A label for every token.
    Tagging,
    /// Another text.
    Transduction,
}

/// What a score is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// As `accuracy`, `bits per character`.
    pub name: String,
    /// As `%`; empty where it has none.
    pub unit: String,
    /// Which way is up.
    pub better: Better,
    /// What guessing scores.
    pub chance: Option<f64>,
    /// The best that there is.
    pub best: Option<f64>,
}

/// Which of two scores is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The higher one.
    Higher,
    /// The lower one.
    Lower,
}

impl Better {
    /// A difference so that positive is better: `by` itself, or turned around.
    pub fn gain(self, by: f64) -> f64 {
        match self {
            Self::Higher => by,
            Self::Lower => -by,
        }
    }
}

/// A part of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSplit {
    /// As `train`, `validation`, `test`.
    pub name: String,
    /// Examples in it.
    pub examples: usize,
    /// Tokens in it, where they were counted.
    pub tokens: Option<u64>,
}

/// A published result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// What reached it.
    pub what: String,
    /// The score.
    pub score: f64,
    /// Where it is published.
    pub source: String,
}

/// A further score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Secondary {
    /// Its name.
    pub name: String,
    /// Its unit; empty where it has none.
    pub unit: String,
    /// Which way is up.
    pub better: Better,
}
