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

mod built;
mod chance;
mod dates;
mod definition;
mod deu_eng;
mod dyck;
mod error;
mod example;
mod exported;
mod generated;
mod induction;
mod info;
mod kind;
mod labels;
mod listops;
mod masking;
mod metric;
mod modadd;
mod mqar;
mod notes;
mod order;
mod polarity;
mod sequences;
mod settings;
mod sizes;
mod sources;
mod spec;
mod splits;
mod table;
mod texts;
mod token_table;
mod units;
mod user;
mod windows;
mod wnut17;
mod word_encoder;
mod words;

pub use crate::records::FileError;
pub use built::Task;
pub use error::{TaskError, UnknownTask};
pub use example::{Example, Lengths, Target};
pub use exported::PromptEnd;
pub use info::{Origin, Parameter, TaskInfo};
pub use kind::{Context, TaskKind};
pub use labels::Labels;
pub use metric::{Metric, Reference};
pub use sources::Sources;
pub use spec::TaskSpec;
pub use splits::Answers;
pub use table::TASKS;
pub use token_table::TokenTable;
