//! The settings that determine a run's results.

use std::ops::Range;
use std::path::PathBuf;

use burn::module::Module;
use serde::{Deserialize, Serialize};
use zoo_datasets::batch::{Augment, BatchShape, RowOrder};
use zoo_datasets::encoded::Packing;
use zoo_datasets::labeled::{ClassWeights, Columns, LabeledTask};
use zoo_datasets::records::ValidationSource;
use zoo_datasets::text::TextFiles;
use zoo_models::precision::Precision;

use crate::adamw::AdamWConfig;
use crate::optimizer::{Bounded, Optimizer, OptimizerConfig, stored};
use crate::pretraining::TextObjective;
use crate::schedule::Schedule;
use crate::sentence_vectors::SentenceVectors;
use crate::tuning::Languages;

/// Training settings. They are saved in the run directory, so that a run resumes with its original
/// settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainSettings {
    /// The data source: the name of a data set, or the path of a file.
    pub data: String,
    /// SHA-256 of the token IDs of the training and validation splits.
    pub data_fingerprint: String,
    /// The initial model; `None` means random initialization.
    #[serde(rename = "from")]
    pub init_from: Option<String>,
    /// Rows in one forward pass.
    pub batch_size: usize,
    /// Tokens per row.
    pub context: usize,
    /// Forward passes whose gradients are accumulated in one step.
    pub accumulate: usize,
    /// The learning rate.
    pub schedule: Schedule,
    /// The optimizer.
    #[serde(deserialize_with = "stored")]
    pub optimizer: OptimizerConfig,
    /// The factor on the learning rate for each layer from the top; 1 gives all layers one rate.
    #[serde(default = "one")]
    pub layer_decay: f64,
    /// The maximum global gradient norm; `None` means no clipping.
    pub clip: Option<f64>,
    /// Steps between validations.
    pub eval_interval: usize,
    /// Steps between checkpoints.
    pub checkpoint_interval: usize,
    /// The seed of weight initialization, batches and dropout.
    pub seed: u64,
    /// The precision of forward and backward passes; the trained weights and the checkpoints are
    /// always f32.
    #[serde(default)]
    pub dtype: Precision,
    /// The task that is learned from labeled texts; `None` means language modeling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskSettings>,
    /// What is learned from running text; `None` means [`TextObjective::of`] the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<TextObjective>,
    /// The user's files of running text; `None` means the data set or the plain text `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextSettings>,
    /// The files that the model is evaluated on after training.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<PathBuf>,
    /// The model that the run directory has: the last one, or the best.
    #[serde(default)]
    pub keep: Keep,
    /// Validations without a better model after which the run ends; `None` means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// Activation checkpointing: stores only the inputs of blocks and recomputes the blocks in the
    /// backward pass.
    #[serde(default)]
    pub checkpoint_blocks: bool,
    /// The share of each target that the training loss spreads over all classes.
    #[serde(default)]
    pub label_smoothing: f64,
    /// The decay rate of averages of the weights, which validations and the saved model use; `None`
    /// means no averages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema: Option<f64>,
    /// A regular expression for the names of parameters that are not trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<String>,
    /// The probability of every dropout layer of the initial model; `None` keeps its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// Whether the model is validated before the first step, too.
    #[serde(default)]
    pub eval_at_start: bool,
    /// The number of checkpoints whose models are kept in `checkpoints/`.
    #[serde(default)]
    pub keep_last: usize,
    /// Whether the run writes TensorBoard event files.
    #[serde(default)]
    pub tensorboard: bool,
}

/// The model that a run directory has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// That of the newest checkpoint.
    #[default]
    Last,
    /// The best of all validations: by the first score of the task, or by the loss.
    Best,
}

/// The running text of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextSettings {
    /// The files.
    #[serde(flatten)]
    pub files: TextFiles,
    /// The validation text.
    pub validation: ValidationSource,
    /// How documents are put into rows.
    #[serde(default)]
    pub packing: Packing,
}

/// The task of a run, and its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSettings {
    /// The task.
    pub name: LabeledTask,
    /// The files with the training data; patterns and folders, too.
    pub files: Vec<PathBuf>,
    /// The validation data.
    pub validation: ValidationSource,
    /// The columns of the files.
    #[serde(default)]
    pub columns: Columns,
    /// Put before each text.
    #[serde(default)]
    pub prefix: String,
    /// The maximum length of a target text, in tokens.
    pub max_target_length: usize,
    /// How sentence vectors are made and learned; `None` for other tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vectors: Option<SentenceVectors>,
    /// The languages of source and target texts.
    #[serde(flatten)]
    pub languages: Languages,
    /// The weights of classes in the loss; `None` where all weigh the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
    /// Random changes of training images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub augment: Vec<Augment>,
}

impl TrainSettings {
    /// Language modeling on a text in the size of nanoGPT's CPU configuration: 12 rows of 64 tokens.
    pub fn new(data: &str, data_fingerprint: &str, schedule: Schedule) -> Self {
        Self {
            data: data.to_string(),
            data_fingerprint: data_fingerprint.to_string(),
            init_from: None,
            batch_size: 12,
            context: 64,
            accumulate: 1,
            schedule,
            optimizer: OptimizerConfig::AdamW(AdamWConfig {
                beta_1: 0.9,
                beta_2: 0.99,
                epsilon: 1e-8,
                weight_decay: 0.1,
            }),
            layer_decay: 1.0,
            clip: Some(1.0),
            eval_interval: 200,
            checkpoint_interval: 200,
            seed: 0,
            dtype: Precision::F32,
            task: None,
            objective: None,
            text: None,
            test: Vec::new(),
            keep: Keep::Last,
            patience: None,
            checkpoint_blocks: false,
            label_smoothing: 0.0,
            ema: None,
            freeze: None,
            dropout: None,
            eval_at_start: false,
            keep_last: 0,
            tensorboard: false,
        }
    }

    /// The shape of one forward pass.
    pub fn shape(&self) -> BatchShape {
        BatchShape { rows: self.batch_size, context: self.context }
    }

    /// What decides the order of rows that end where documents end.
    pub fn row_order(&self) -> RowOrder {
        RowOrder { seed: self.seed, accumulate: self.accumulate }
    }

    /// Tokens per step.
    pub fn tokens_per_step(&self) -> usize {
        self.batch_size * self.context * self.accumulate
    }

    /// An optimizer for a model, before the first step.
    pub fn new_optimizer<M: Module>(&self, model: &M) -> Optimizer {
        Optimizer::new(self.optimizer, self.layer_decay, model)
    }

    /// The round of a step: the steps between two validations.
    pub(crate) fn round(&self, step: usize) -> Range<usize> {
        let begin = step / self.eval_interval * self.eval_interval;
        begin..(begin + self.eval_interval).min(self.schedule.steps)
    }

    /// The first invalid setting, and the reason.
    pub fn problem(&self) -> Option<String> {
        let Schedule { peak, minimum, warmup, steps, decay: _ } = self.schedule;
        let counts = [
            ("--batch-size", self.batch_size),
            ("--context", self.context),
            ("--accumulate", self.accumulate),
            ("--steps", steps),
            ("--eval-interval", self.eval_interval),
            ("--checkpoint-interval", self.checkpoint_interval),
            ("--patience", self.patience.unwrap_or(1)),
        ];
        if let Some((flag, _)) = counts.iter().find(|(_, count)| *count == 0) {
            return Some(format!("{flag} is 0; it must be 1 or more"));
        }
        let rows = self.batch_size.checked_mul(self.accumulate);
        let tokens = rows.and_then(|rows| rows.checked_mul(self.context));
        let most = if self.task.is_some() { MAX_TASK_TOKENS } else { usize::MAX };
        if tokens.is_none_or(|tokens| tokens > most) {
            return Some(format!(
                "--batch-size {} with --accumulate {} and --context {} is too large a step",
                self.batch_size, self.accumulate, self.context
            ));
        }
        let (above_zero, max) = (f64::MIN_POSITIVE, f64::MAX);
        let bounded = |flag, value, low, high| Bounded { flag, value, low, high };
        let mut bounds = vec![
            bounded("--lr", peak, 0.0, max),
            bounded("--min-lr", minimum, 0.0, peak),
            bounded("--clip", self.clip.unwrap_or(1.0), above_zero, max),
            bounded("--layer-decay", self.layer_decay, above_zero, 1.0),
            Bounded::share("--label-smoothing", self.label_smoothing),
            Bounded::share("--ema", self.ema.unwrap_or(0.0)),
            Bounded::share("--dropout", self.dropout.unwrap_or(0.0)),
        ];
        bounds.extend(self.optimizer.bounds());
        for Bounded { flag, value, low, high } in bounds {
            if !(low..=high).contains(&value) {
                return Some(format!("{flag} is {value}; it must be {}", range(low, high)));
            }
        }
        (warmup >= steps)
            .then(|| format!("--warmup is {warmup}, but the run has only {steps} --steps"))
    }
}

/// The most tokens of a step of a task, which has the texts of fifty steps in memory.
const MAX_TASK_TOKENS: usize = 1 << 36;

/// A range in words.
fn range(low: f64, high: f64) -> String {
    let low =
        if low == f64::MIN_POSITIVE { "more than 0".into() } else { format!("{low} or more") };
    match high {
        f64::MAX => low,
        high if high < 1.0 && high > 0.999 => format!("{low} and below 1"),
        high => format!("{low} and at most {high}"),
    }
}

fn one() -> f64 {
    1.0
}
