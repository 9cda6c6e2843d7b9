//! The names that most programs need: `use burn_zoo::prelude::*;`.

pub use crate::Device;
pub use crate::device::DeviceError;
pub use crate::models::checkpoint::ModelSpec;
pub use crate::models::families::{FAMILIES, Family};
pub use crate::models::generate::{GenerationConfig, Limit};
pub use crate::models::precision::Precision;
pub use crate::pipeline::chat::{ChatMessage, Turn};
pub use crate::pipeline::{
    Aggregation, Answering, Candidates, FeatureExtraction, FillMask, PipelineError, Question,
    QuestionAnswering, Summarization, TextClassification, TextEmbedder, TextGeneration,
    TokenClassification, Translation, ZeroShotClassification,
};
#[cfg(feature = "images")]
pub use crate::pipeline::{ImageClassifier, Picture};
