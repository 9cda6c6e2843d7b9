//! Tokenizers: text to ids and back, in the file format of Hugging Face's `tokenizer.json`.

mod boundaries;
mod build;
mod bytes;
mod characters;
mod charsmap;
mod codec;
mod config;
mod convert;
mod cuts;
mod end_of_text;
mod error;
mod file;
mod frame;
mod grow;
mod guard;
mod language;
mod letters;
mod new_special;
mod parts;
mod read;
mod special;
mod stream;
mod surface;
mod surround;
mod text_encoder;
mod training;

pub use boundaries::Boundaries;
pub use bytes::Place;
pub use codec::Tokenizer;
pub use end_of_text::END_OF_TEXT;
pub use error::TokenizerError;
pub use frame::Frame;
pub use language::{LanguageToken, UnknownLanguage};
pub use special::{Special, SpecialToken, SpecialTokens};
pub use stream::TextStream;
pub use text_encoder::{Cut, Encoding, TextEncoder};
pub use training::{Casing, TokenizerKind, TokenizerTraining, Vocabulary, WordCounts};

pub(crate) use parts::last_cut_of_words;
