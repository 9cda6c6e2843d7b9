//! Texts as token ids, in memory or in the files of a cache.

mod cache;
mod encoder;
mod error;
mod fingerprint;
mod packing;
mod progress;
mod sink;
mod text;
mod token_file;
mod token_ids;
mod vocabulary;

pub use cache::{CACHE_VARIABLE, TokenCache};
pub use error::EncodeError;
pub use packing::{Packing, UnknownPacking};
pub use progress::{EncodingProgress, EncodingStage, OnProgress};

pub(crate) use fingerprint::text_fingerprint;
pub(crate) use sink::OfSplits;
pub(crate) use text::encode_text;
pub(crate) use token_file::EncodedText;
pub(crate) use token_ids::TokenIds;
