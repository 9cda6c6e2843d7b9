//! Tasks to compare architectures on: inputs, targets and metrics.
//!
//! A [`TaskSpec`] selects a task, such as `listops` or `listops:max_depth=3,max_length=48`, and
//! [`TaskSpec::build`] builds the [`Task`]: generated from a seed, or read from the files of a
//! published data set or from the user's file. [`TASKS`] lists all tasks.
//!
//! ```
//! use zoo_datasets::locate::SearchPath;
//! use zoo_datasets::task::{Target, TaskSpec};
//!
//! # fn main() -> Result<(), zoo_datasets::task::TaskError> {
//! let task = TaskSpec::parse("sort:max_length=8")?.build(&SearchPath::default())?;
//! let example = task.train(1, 0);
//! let Target::Sequence(sorted) = &example.target else { panic!("sort maps to a sequence") };
//! assert!(sorted.is_sorted());
//! assert_eq!(example, task.train(1, 0), "the same for everyone who uses seed 1");
//! # Ok(())
//! # }
//! ```
//!
//! # From an example to a batch
//!
//! Inputs and targets hold only the task's own tokens; the code that builds a batch adds the
//! special tokens that [`TokenTable`] reserves:
//!
//! | model | classification | tagging, masked | language | transduction |
//! |---|---|---|---|---|
//! | encoder | pooled state → label | label in place | not supported | not supported |
//! | decoder, recurrent | `input SEPARATOR` → label token | label in place | tag in place | `input SEPARATOR` → `target END` |
//! | encoder-decoder | `input` → label token | `input` → one label token each | tag in place, without encoder input | `input` → `BEGIN target` → `target END` |
//!
//! In [`TaskKind::Language`] the tag at a position is the next token: language modeling is tagging
//! by a model that does not see later positions. A decoder tags in place for [`Context::Causal`];
//! for [`Context::Bidirectional`] it must read the whole input before it generates tags.
//! [`Task::label_token`] maps a label to its token.

mod chance;
mod dates;
mod deu_eng;
mod dyck;
mod error;
mod generated;
mod induction;
mod info;
mod listops;
mod masking;
mod metric;
mod modadd;
mod mqar;
mod order;
mod polarity;
mod sequences;
mod spec;
mod splits;
mod table;
mod texts;
mod token_table;
mod user;
mod windows;
mod wnut17;

pub use error::{TaskError, UnknownTask};
pub use info::{Origin, Parameter, TaskInfo};
pub use metric::{Metric, Reference};
pub use spec::TaskSpec;
pub use splits::Answers;
pub use table::TASKS;
pub use token_table::TokenTable;
pub use user::FileError;

use splits::{Splits, Train};

/// The kind of prediction that a task requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// Predict the next token at each position from the tokens up to it.
    Language,
    /// Predict the masked or replaced tokens from all others.
    Masked,
    /// Predict one label for the whole input.
    Classification,
    /// Predict a label at some or all positions of the input.
    Tagging(Context),
    /// Generate an output sequence.
    Transduction,
}

/// The context that determines a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// The position and those before it suffice: a causal model tags in place.
    Causal,
    /// Later positions matter too.
    Bidirectional,
}

/// An input and its target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Example {
    /// Tokens, at least one of them; none is padding.
    pub input: Vec<u32>,
    /// The target.
    pub target: Target,
}

/// The target of an [`Example`]; labels are indices into [`Labels`], from 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The label of the input.
    Class(u32),
    /// A label for each position of the input; `None` for positions without a target. In language
    /// and masked modeling the labels are tokens.
    Tags(Vec<Option<u32>>),
    /// Tokens, without an end token.
    Sequence(Vec<u32>),
}

/// The meaning of label indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Labels are tokens: label 7 is token 7.
    Tokens,
    /// Labels have their own names.
    Names(Vec<String>),
}

/// The longest sequences of a task, in tokens, without special tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lengths {
    /// The longest input, over all splits.
    pub input: usize,
    /// The longest [`Target::Sequence`]; 0 if targets are labels.
    pub target: usize,
}

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

/// A task without its examples.
struct TaskDefinition {
    kind: TaskKind,
    score: Metric,
    also: Vec<Metric>,
    tokens: TokenTable,
    labels: Labels,
    references: &'static [Reference],
}

impl Task {
    fn new(spec: TaskSpec, definition: TaskDefinition, splits: Splits) -> Self {
        let TaskDefinition { kind, score, also, tokens, labels, references } = definition;
        let chance = chance::chance(score, &splits);
        let (lengths, data_hash) = (splits.lengths(), splits.hash(&tokens, &labels));
        let Splits { train, validation, test, answers } = splits;
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

impl Target {
    /// The labels or tokens of the target, in order.
    pub fn ids(&self) -> Vec<u32> {
        match self {
            Self::Class(label) => vec![*label],
            Self::Tags(tags) => tags.iter().copied().flatten().collect(),
            Self::Sequence(tokens) => tokens.clone(),
        }
    }
}
