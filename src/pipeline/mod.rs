//! Pipelines: from a model's directory and texts to an answer.

mod answer;
mod classify;
mod embed;
mod error;
mod features;
mod feed;
mod fill;
mod image;
mod image_classification;
mod scores;
mod sentence;
mod tag;
mod zero_shot;

pub use answer::{Answer, Answering, Question, QuestionAnswering};
pub use classify::{Scoring, TextClassification};
pub use embed::{Embeddings, TextEmbedder};
pub use error::{PipelineError, TextError};
pub use features::{FeatureExtraction, Features};
pub use fill::{FillMask, Filling, Targets};
pub use image::{ImageReader, Picture, PictureError};
pub use image_classification::ImageClassifier;
pub use scores::LabelScore;
pub use tag::{Aggregation, Entity, Tagging, TokenClassification};
pub use zero_shot::{Candidates, ZeroShotClassification};
