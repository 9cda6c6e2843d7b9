//! Tokenizers of directories without `tokenizer.json`, as transformers 5.23 builds them from
//! `vocab.txt`, `vocab.json` with `merges.txt`, and SentencePiece models.
//!
//! The class determines the construction: `tokenizer_class` of `tokenizer_config.json`, or the
//! class of the family in `config.json`. If neither is known, the files that exist decide.

mod build;
mod class;
mod languages;
mod merged;
mod parts;
mod proto;
mod roles;
mod settings;
mod slow;
mod token;
mod unigram;
mod vocabulary;

pub(super) use build::{Built, add_tokens, build, build_target};
