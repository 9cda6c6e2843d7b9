//! A task with its data.

use super::chance::chance;
use super::definition::TaskDefinition;
use super::error::TaskError;
use super::example::{Example, Lengths};
use super::kind::TaskKind;
use super::labels::Labels;
use super::metric::{Metric, Reference};
use super::settings::{BuiltTask, from_map};
use super::sizes;
use super::sources::Sources;
use super::spec::{DividedSettings, TaskSpec};
use super::splits::{Answers, Splits, Train};
use super::token_table::TokenTable;
use crate::locate::SearchPath;

/// A task with its data, ready for training and evaluation.
#[derive(Debug)]
pub struct Task {
    /// The specification that this task was built from.
    pub spec: TaskSpec,
    /// The kind of prediction that the task requires.
    pub kind: TaskKind,
    /// The primary metric; [`Metric::higher_is_better`] gives its direction.
    pub score: Metric,
    /// Additional metrics that are reported.
    pub also: Vec<Metric>,
    /// The vocabulary of inputs and target sequences.
    pub tokens: TokenTable,
    /// The meaning of label indices.
    pub labels: Labels,
    /// Examples for model selection, in random order; never trained on.
    pub validation: Vec<Example>,
    /// Examples for the final score, in random order; never trained on, and disjoint from
    /// `validation`.
    pub test: Vec<Example>,
    /// The reference texts, for metrics that compare them with text from [`TokenTable::decode`].
    pub answers: Answers,
    /// The texts that the examples were made from; `None` where there are none.
    pub sources: Option<Sources>,
    /// Published results; empty if the settings differ from the published ones.
    pub references: &'static [Reference],
    /// The `score` of the best prediction that ignores the input.
    pub chance: f64,
    /// The longest sequences.
    pub lengths: Lengths,
    /// A SHA-256 over the data of all splits. An endless training set is represented by its first
    /// examples of seed 0.
    pub data_hash: String,
    train: Train,
}

impl Task {
    fn new(spec: TaskSpec, definition: TaskDefinition, splits: Splits) -> Self {
        let TaskDefinition { kind, score, also, tokens, labels, references } = definition;
        let chance = chance(score, &splits, &tokens);
        let (lengths, data_hash) = (splits.lengths(), splits.hash(&tokens, &labels));
        let Splits { train, validation, test, answers, sources } = splits;
        Self {
            spec,
            kind,
            score,
            also,
            tokens,
            labels,
            validation,
            test,
            answers,
            sources,
            references,
            chance,
            lengths,
            data_hash,
            train,
        }
    }

    /// The training example with this index; indices start at 0 and have no upper bound.
    ///
    /// Depends only on its arguments: a resumed run, and every architecture with the same seed,
    /// sees the same examples. A fixed training set is traversed epoch by epoch, each in a
    /// different order that depends on the seed.
    pub fn train(&self, seed: u64, index: u64) -> Example {
        self.train.example(seed, index)
    }

    /// The row in [`Task::sources`] of the training example with this index; `None` for generated
    /// examples.
    pub fn train_row(&self, seed: u64, index: u64) -> Option<usize> {
        self.train.row(seed, index)
    }

    /// The number of training examples in an epoch; `None` if they never repeat.
    pub fn train_size(&self) -> Option<u64> {
        self.train.size()
    }

    /// The vocabulary size of a model that also generates labels: the tokens of the inputs,
    /// followed by the labels that have their own names.
    pub fn vocab_size(&self) -> usize {
        match &self.labels {
            Labels::Tokens => self.tokens.len(),
            Labels::Names(names) => self.tokens.len() + names.len(),
        }
    }

    /// The token of a label, for models that generate labels: below [`Task::vocab_size`].
    pub fn label_token(&self, label: u32) -> u32 {
        match &self.labels {
            Labels::Tokens => label,
            Labels::Names(_) => self.tokens.len() as u32 + label,
        }
    }

    /// The number of labels: the outputs of a classifier or tagger.
    pub fn label_count(&self) -> usize {
        match &self.labels {
            Labels::Tokens => self.tokens.len(),
            Labels::Names(names) => names.len(),
        }
    }

    /// The name of a label; `None` if there is no such label.
    pub fn label_name(&self, label: u32) -> Option<&str> {
        match &self.labels {
            Labels::Tokens => self.tokens.written(label),
            Labels::Names(names) => names.get(label as usize).map(String::as_str),
        }
    }
}

impl TaskSpec {
    /// Generates or loads the task.
    ///
    /// # Errors
    ///
    /// [`TaskError`] if a setting is out of range, a file is missing, modified or malformed, or too
    /// few examples remain for training or testing.
    pub fn build(&self, search_path: &SearchPath) -> Result<Task, TaskError> {
        let settings = self.settings().clone();
        let DividedSettings { own, sizes } = DividedSettings::new(self.info(), settings);
        let (definition, splits) = match (self.info().builder.build)(own, search_path)? {
            // In file order, the first examples may all have the same label.
            BuiltTask::Fixed(definition, splits) => (definition, splits.shuffled()),
            BuiltTask::Generated(definition, generator) => {
                let wrong = |error: serde_json::Error| TaskError::Value {
                    task: self.info().name,
                    reason: error.to_string(),
                };
                (definition, sizes::splits(generator, from_map(sizes).map_err(wrong)?)?)
            }
        };
        Ok(Task::new(self.clone(), definition, splits))
    }
}
