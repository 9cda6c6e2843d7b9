//! Pipelines: from a model's directory and texts to an answer.

mod answer;
pub mod chat;
mod classify;
mod embed;
mod error;
mod features;
mod feed;
mod fill;
mod image;
mod image_classification;
mod language;
mod languages;
mod scores;
mod sentence;
mod seq2seq;
mod stop;
mod tag;
mod text_generation;
mod token_stream;
mod zero_shot;

pub use answer::{Answer, Answering, Question, QuestionAnswering};
pub use classify::{Scoring, TextClassification};
pub use embed::{Embeddings, TextEmbedder};
pub use error::{PipelineError, TextError};
pub use features::{FeatureExtraction, Features};
pub use fill::{FillMask, Filling, Targets};
pub use image::{ImageReader, Picture, PictureError};
pub use image_classification::ImageClassifier;
pub use language::Language;
pub use scores::LabelScore;
pub use seq2seq::{Rewritten, Summarization, Translation};
pub(crate) use stop::{Found, StopStrings};
pub use tag::{Aggregation, Entity, Tagging, TokenClassification};
pub use text_generation::{TextEnding, TextGeneration, Written, WrittenText};
pub use token_stream::TokenStream;
pub use zero_shot::{Candidates, ZeroShotClassification};
