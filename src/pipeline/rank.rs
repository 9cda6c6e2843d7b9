//! Documents by how well they fit a query.

use std::path::Path;

use burn::tensor::Device;

use super::{PipelineError, Prompt, TextClassification, TextEmbedder};
use crate::datasets::tokenizer::Cut;
use crate::models::checkpoint::ModelSpec;
use crate::models::families::Task;
use crate::models::precision::Precision;

/// Ranks documents by how well they fit a query: with the cosine similarity of embeddings, or with
/// a cross-encoder, which reads the query and a document together.
///
/// Reference: Reimers and Gurevych 2019, <https://arxiv.org/abs/1908.10084>
#[derive(Debug)]
pub struct Ranking {
    scorer: Scorer,
}

#[derive(Debug)]
enum Scorer {
    Embedder(Box<TextEmbedder>),
    CrossEncoder(Box<TextClassification>),
}

/// A document and how well it fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankedDocument {
    /// The index of the document.
    pub index: usize,
    /// The cosine similarity, from -1 to 1, or the score of a cross-encoder: from 0 to 1, or any
    /// number if `problem_type` is `regression`.
    pub score: f32,
}

impl Ranking {
    /// Loads a model directory: a classifier of one label is a cross-encoder, and other models are
    /// embedders.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; a classifier of several labels.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let is_classifier = match TextEmbedder::is_meant(folder) {
            // Its transformer may have a directory of its own.
            true => false,
            false => ModelSpec::read(folder)?.task == Task::SequenceClassifier,
        };
        if !is_classifier {
            let embedder = Box::new(TextEmbedder::open(folder, device)?);
            return Ok(Self { scorer: Scorer::Embedder(embedder) });
        }
        let model = Box::new(TextClassification::open(folder, device)?);
        match model.labels().len() {
            1 => Ok(Self { scorer: Scorer::CrossEncoder(model) }),
            count => Err(PipelineError::InvalidRequest(format!(
                "a cross-encoder has one label, and this classifier has {count}"
            ))),
        }
    }

    /// Converts the model to another precision.
    pub fn cast(self, precision: Precision) -> Self {
        let scorer = match self.scorer {
            Scorer::Embedder(model) => Scorer::Embedder(Box::new(model.cast(precision))),
            Scorer::CrossEncoder(model) => Scorer::CrossEncoder(Box::new(model.cast(precision))),
        };
        Self { scorer }
    }

    /// The documents with their scores, the best first; equal ones in order. An embedder uses its
    /// prompts named `query` and `document`, if it has them.
    ///
    /// # Errors
    ///
    /// A text without tokens, or with a token outside the model's vocabulary; a device failure.
    pub fn rank<T: AsRef<str>>(
        self,
        query: &str,
        documents: &[T],
    ) -> Result<Vec<RankedDocument>, PipelineError> {
        let scores: Vec<f32> = match self.scorer {
            Scorer::Embedder(embedder) => {
                let named = |name| match embedder.encoder().prompts.named.contains_key(name) {
                    true => Prompt::Named(name),
                    false => Prompt::Default,
                };
                let [of_query, of_document] = ["query", "document"].map(named);
                let embedder = embedder.with_prompt(of_query)?;
                let query = unit(embedder.embed_one(query)?);
                let embedder = embedder.with_prompt(of_document)?;
                let vectors = embedder.embed(documents, &mut |_| {})?.vectors;
                let dot = |vector: Vec<f32>| {
                    query.iter().zip(unit(vector)).map(|(a, b)| a * b).sum::<f32>()
                };
                vectors.into_iter().map(dot).collect()
            }
            Scorer::CrossEncoder(model) => {
                let pairs: Vec<[&str; 2]> =
                    documents.iter().map(|document| [query, document.as_ref()]).collect();
                let found = model.classify_pairs(&pairs, Cut::Longer)?;
                found.iter().map(|labels| labels.first().map_or(0.0, |label| label.score)).collect()
            }
        };
        let mut ranked: Vec<RankedDocument> = scores
            .into_iter()
            .enumerate()
            .map(|(index, score)| RankedDocument { index, score })
            .collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(ranked)
    }
}

fn unit(vector: Vec<f32>) -> Vec<f32> {
    let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    vector.into_iter().map(|value| value / norm).collect()
}
