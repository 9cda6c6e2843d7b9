//! Metrics of generated text, tags and labels, as the standard tools compute them.
//!
//! | module | input | equals |
//! |---|---|---|
//! | [`bleu`] | translations, by word n-grams | sacreBLEU 2.6.0 |
//! | [`chrf`] | translations, by character n-grams | sacreBLEU 2.6.0 |
//! | [`entities`] | named entities | seqeval 1.2.2 |
//! | [`accuracy`] | labels, tags, whole answers | scikit-learn 1.9.1 |
//! | [`bits`] | language model losses | |
//!
//! Arguments are always in the order found, expected. No function returns NaN: instead of dividing
//! by zero, it returns an error or the value of the standard tool.

pub mod accuracy;
pub mod bits;
pub mod bleu;
pub mod chrf;
pub mod entities;

mod case;
mod checks;
mod error;
mod grams;
mod text;
mod tokens;

pub use case::Case;
pub use error::ScoreError;
