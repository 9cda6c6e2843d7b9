//! Metrics of generated text, tags and labels, as the standard tools compute them.
//!
//! | module | input | equals |
//! |---|---|---|
//! | [`bleu`] | translations, by word n-grams | sacreBLEU 2.6.0 |
//! | [`chrf`] | translations, by character n-grams | sacreBLEU 2.6.0 |
//! | [`entities`] | named entities | seqeval 1.2.2 |
//! | [`accuracy`] | labels, tags, whole answers | scikit-learn 1.9.1 |
//! | [`classification`] | one label per example | scikit-learn 1.9.1 |
//! | [`multi_label`] | a set of labels per example | scikit-learn 1.9.1 |
//! | [`regression`] | numbers | scipy 1.17.1, scikit-learn 1.9.1 |
//! | [`squad`] | extractive answers | SQuAD's scripts 1.1 and 2.0 |
//! | [`rouge`] | summaries | rouge_score 0.1.2 |
//! | [`retrieval`] | ranked documents | trec_eval, BEIR |
//! | [`bits`] | language model losses | |
//! | [`bootstrap`] | confidence intervals of all of these | |
//!
//! Arguments are always in the order found, expected. No function returns NaN: instead of dividing
//! by zero, it returns an error or the value of the standard tool.

pub mod accuracy;
pub mod bits;
pub mod bleu;
pub mod bootstrap;
pub mod chrf;
pub mod classification;
pub mod entities;
pub mod multi_label;
pub mod regression;
pub mod retrieval;
pub mod rouge;
pub mod squad;

mod case;
mod checks;
mod error;
mod f1;
mod grams;
mod lcs;
mod text;
mod tokens;

pub use case::Case;
pub use error::ScoreError;
pub use f1::F1Score;
