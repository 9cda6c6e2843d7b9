//! One architecture on one task.

use serde::{Deserialize, Serialize};

use super::Summary;

/// One architecture on one task, sized to the budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The family's name.
    pub architecture: String,
    /// The task's name.
    pub task: String,
    /// How it is built.
    #[serde(rename = "skeleton")]
    pub backbone: BackboneKind,
    /// How it does the task, in a sentence.
    pub how: String,
    /// Its sizes.
    pub dimensions: Dimensions,
    /// Its parameters.
    pub parameters: Parameters,
    /// How far it is from the budget, in percent of it; `None` where there is none.
    pub deviation: Option<f64>,
    /// Operations for a token.
    pub flops: Flops,
    /// The learning rates that were tried.
    pub rates: Vec<RateTrial>,
    /// The one that was chosen.
    pub learning_rate: f64,
    /// How long it trained.
    pub training: Training,
    /// The test scores of its finished runs.
    pub summary: Summary,
    /// The same for each of the task's secondary metrics, in their order.
    pub secondary: Vec<Summary>,
}

/// How an architecture is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackboneKind {
    /// Attention in both directions.
    Encoder,
    /// Attention to what came before.
    Decoder,
    /// A decoder that also attends to an encoder.
    EncoderDecoder,
    /// A state that is carried from token to token.
    Recurrent,
}

/// Sizes of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dimensions {
    /// Width.
    pub d_model: usize,
    /// Depth; of the encoder and of the decoder each, where there are both.
    pub n_layers: usize,
    /// Heads of attention; `None` where there is none.
    pub n_heads: Option<usize>,
    /// Width inside the feed-forward layer; `None` where there is none.
    pub d_ff: Option<usize>,
}

/// Parameters of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Without embeddings: what is matched.
    pub body: u64,
    /// Embeddings and what is as large as the vocabulary.
    pub embeddings: u64,
    /// All of them.
    pub total: u64,
}

/// Operations for a token, at the task's mean length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Flops {
    /// Forward.
    pub forward: f64,
    /// Forward and backward.
    pub train: f64,
}

/// What became of a learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateTrial {
    /// The learning rate.
    pub rate: f64,
    /// What came of it.
    pub outcome: RateOutcome,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateOutcome {
    /// The score on the validation split.
    Score(f64),
    /// The loss ran away at a step.
    Diverged {
        /// The step.
        step: usize,
    },
    /// It did not run to its end.
    Failed {
        /// Why.
        reason: String,
    },
}

/// How long a candidate trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Training {
    /// Steps of a run.
    pub steps: usize,
    /// Tokens that a run reads.
    pub tokens: u64,
}
