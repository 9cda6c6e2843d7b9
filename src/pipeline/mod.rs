//! Pipelines: task APIs over a model directory.

mod answer;
pub mod chat;
mod classify;
mod embed;
mod error;
mod features;
mod fill;
#[cfg(feature = "images")]
mod image;
#[cfg(feature = "images")]
mod image_classification;
mod preprocessor;
mod processor;
mod prompt;
mod prompted;
mod rank;
mod scores;
mod sentence;
mod seq2seq;
pub(crate) mod stop;
mod tag;
mod text_generation;
mod token_stream;
mod zero_shot;

pub use answer::{Answer, Answering, Question, QuestionAnswering};
pub use classify::{Scoring, TextClassification};
pub use embed::{Embeddings, TextEmbedder};
pub use error::{PipelineError, TextError};
pub use features::{FeatureExtraction, Features};
pub use fill::{FillMask, Filling, ReplacedWord, Targets};
#[cfg(feature = "images")]
pub use image::{ImageFiles, ImageReader, Picture, PictureError, PixelValues};
#[cfg(feature = "images")]
pub use image_classification::ImageClassifier;
pub use processor::Processor;
pub use prompt::PromptTokens;
pub use prompted::{Prompt, PromptEncoder, PromptError, PromptedText, ReadyPrompt};
pub use rank::{RankedDocument, Ranking};
pub use scores::LabelScore;
pub use sentence::SentenceModules;
pub use seq2seq::{Rewritten, Summarization, Translation};
pub use tag::{Aggregation, Entity, Tagging, TokenClassification};
pub use text_generation::{
    GenerationParts, SpeculativeText, TextEnding, TextGeneration, Written, WrittenText,
};
pub use token_stream::TokenStream;
pub use zero_shot::{Candidates, ZeroShotClassification};
