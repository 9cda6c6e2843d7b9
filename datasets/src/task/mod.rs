//! Tasks to compare architectures on: what is asked, what is right, and how it is scored.
//!
//! A [`TaskSpec`] is a choice of one, `listops` or `listops:max_depth=3,max_length=48`, and
//! [`TaskSpec::build`] makes the [`Task`]: generated from a seed, or read from the files of a
//! known data set or of the user's own. [`TASKS`] lists them all.
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
//! assert_eq!(example, task.train(1, 0), "the same for everybody who uses seed 1");
//! # Ok(())
//! # }
//! ```
//!
//! # From an example to a batch
//!
//! Inputs and targets hold nothing but what the task is about; what marks their ends is added by
//! who makes the batch, with the symbols that [`TokenTable`] reserves:
//!
//! | model | classification | tagging, masked | language | transduction |
//! |---|---|---|---|---|
//! | encoder | pooled state → label | label in place | cannot | cannot |
//! | decoder, recurrent | `input SEPARATOR` → label symbol | label in place | tag in place | `input SEPARATOR` → `target END` |
//! | encoder-decoder | `input` → label symbol | `input` → one label symbol each | tag in place, from nothing | `input` → `BEGIN target` → `target END` |
//!
//! In [`TaskKind::Language`] the tag at a position is the next symbol, so that language modelling is
//! tagging by a model that does not see what lies behind. A decoder tags in place where
//! [`Context::Causal`] allows it, and must read everything before it writes tags where it does not.
//! [`Task::label_token`] says which symbol a label is.

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

/// What a task wants of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// The next symbol at each position, from those up to it.
    Language,
    /// The symbols that are masked or replaced, from all others.
    Masked,
    /// One label for the whole input.
    Classification,
    /// A label for some positions of the input.
    Tagging(Context),
    /// Another sequence.
    Transduction,
}

/// What a tag follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// What lies at the position and before it is enough: a causal model tags in place.
    Causal,
    /// What lies behind the position matters too.
    Bidirectional,
}

/// One thing asked, and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Example {
    /// Tokens, at least one of them; none is padding.
    pub input: Vec<u32>,
    /// The right answer.
    pub target: Target,
}

/// The right answer to an [`Example`]; labels count from 0 within [`Labels`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The label of the input.
    Class(u32),
    /// A label for each position of the input; `None` where nothing is asked. In language and
    /// masked modelling the labels are symbols.
    Tags(Vec<Option<u32>>),
    /// Tokens, without a symbol for their end.
    Sequence(Vec<u32>),
}

/// What a label number means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Labels are symbols: label 7 is symbol 7.
    Tokens,
    /// Labels have names of their own.
    Names(Vec<String>),
}

/// The longest sequences of a task, in symbols, without anything that marks their ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lengths {
    /// The longest input that there is, in training or later.
    pub input: usize,
    /// The longest [`Target::Sequence`]; 0 where targets are labels.
    pub target: usize,
}

/// A task, ready to be trained and tested on.
#[derive(Debug)]
pub struct Task {
    /// The choice that led here.
    pub spec: TaskSpec,
    /// What a model must be able to do.
    pub kind: TaskKind,
    /// What decides; higher or lower is better as [`Metric::higher_is_better`] says.
    pub score: Metric,
    /// What is reported beside it.
    pub also: Vec<Metric>,
    /// What the ids of inputs and target sequences mean.
    pub tokens: TokenTable,
    /// What the numbers of labels mean.
    pub labels: Labels,
    /// Examples to choose settings by, in random order; never trained on.
    pub validation: Vec<Example>,
    /// Examples for the final score, in random order; never trained on, and none of them is in `validation`.
    pub test: Vec<Example>,
    /// The right answers as texts, for scores that compare texts with [`TokenTable::decode`].
    pub answers: Answers,
    /// What others reached on this task; empty where the settings are not the published ones.
    pub references: &'static [Reference],
    /// The `score` of the best answer that does not look at the input.
    pub chance: f64,
    /// The longest sequences.
    pub lengths: Lengths,
    /// A SHA-256 over what is trained and tested on. Of endless training examples, the first ones
    /// of seed 0 stand for all.
    pub data_hash: String,
    train: Train,
}

/// What a task asks, without its examples.
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

    /// The training example with this index, from 0 on without end.
    ///
    /// Depends on its arguments alone: a resumed run, and every architecture with the same seed,
    /// sees the same examples. A fixed training set is gone through epoch by epoch, each in an
    /// order of its own that depends on the seed.
    pub fn train(&self, seed: u64, index: u64) -> Example {
        self.train.example(seed, index)
    }

    /// How many training examples make an epoch; `None` where they never repeat.
    pub fn train_size(&self) -> Option<u64> {
        self.train.size()
    }

    /// The number of symbols for a model that also writes labels: those of the inputs, and behind
    /// them the labels that have names of their own.
    pub fn vocab_size(&self) -> usize {
        match &self.labels {
            Labels::Tokens => self.tokens.len(),
            Labels::Names(names) => self.tokens.len() + names.len(),
        }
    }

    /// The symbol of a label, for models that write their answers: below [`Task::vocab_size`].
    pub fn label_token(&self, label: u32) -> u32 {
        match &self.labels {
            Labels::Tokens => label,
            Labels::Names(_) => self.tokens.len() as u32 + label,
        }
    }

    /// How many labels there are to choose from: the outputs of a classifier or tagger.
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
    /// Its labels or symbols, one after the other.
    pub fn ids(&self) -> Vec<u32> {
        match self {
            Self::Class(label) => vec![*label],
            Self::Tags(tags) => tags.iter().copied().flatten().collect(),
            Self::Sequence(tokens) => tokens.clone(),
        }
    }
}
