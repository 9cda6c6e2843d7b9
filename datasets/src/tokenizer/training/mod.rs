//! Training of tokenizers on texts.

mod kind;
mod merges;
mod pipeline;
mod settings;
mod unigram;
mod vocabulary;
mod word_list;
mod words;

pub use kind::TokenizerKind;
pub use settings::{Casing, TokenizerTraining};
pub use vocabulary::Vocabulary;
pub use words::WordCounts;
