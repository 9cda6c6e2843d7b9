//! The names that most programs need: `use zoo_datasets::prelude::*`.

pub use crate::batch::{BatchAt, BatchShape, IGNORE, LmBatch, LmDataset};
pub use crate::locate::SearchPath;
pub use crate::task::{
    Example, Labels, Metric, TASKS, Target, Task, TaskError, TaskKind, TaskSpec, TokenTable,
};
pub use crate::text::{Corpus, TextSource};
pub use crate::tokenizer::{
    Encoding, TextEncoder, TextStream, Tokenizer, TokenizerError, Vocabulary,
};
