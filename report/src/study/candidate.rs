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
    /// The kind of backbone.
    #[serde(rename = "skeleton")]
    pub backbone: BackboneKind,
    /// A description of the training objective, in a sentence.
    pub how: String,
    /// The model's dimensions.
    pub dimensions: Dimensions,
    /// The model's parameter counts.
    pub parameters: Parameters,
    /// The deviation from the budget, in percent; `None` where there is no budget.
    pub deviation: Option<f64>,
    /// FLOPs per token.
    pub flops: Flops,
    /// The learning-rate trials.
    pub rates: Vec<RateTrial>,
    /// The learning rate that was chosen.
    pub learning_rate: f64,
    /// The length of training.
    pub training: TrainingLength,
    /// The test scores of its finished runs.
    pub summary: Summary,
    /// The scores on the task's secondary metrics, in their order.
    pub secondary: Vec<Summary>,
    /// The checkpoint that its runs start from; `None` for random weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretrained: Option<String>,
    /// Whether its scores are still those of random guessing.
    #[serde(default)]
    pub is_at_chance: bool,
}

/// The kind of backbone of an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackboneKind {
    /// Bidirectional attention.
    Encoder,
    /// Causal attention.
    Decoder,
    /// A decoder with cross-attention to an encoder.
    EncoderDecoder,
    /// A recurrent state that is updated at every token.
    Recurrent,
}

/// The dimensions of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dimensions {
    /// Width.
    pub d_model: usize,
    /// Depth; the depth of the encoder and of the decoder in an encoder-decoder.
    pub n_layers: usize,
    /// Number of attention heads; `None` without attention.
    pub n_heads: Option<usize>,
    /// Width of the feed-forward layer; `None` without a feed-forward layer.
    pub d_ff: Option<usize>,
}

/// Parameter counts of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Parameters without embeddings: the count that the budget matches.
    pub body: u64,
    /// Parameters of embeddings and of the language-model head.
    pub embeddings: u64,
    /// All parameters.
    pub total: u64,
}

/// FLOPs per token, at the task's mean length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Flops {
    /// Forward pass.
    pub forward: f64,
    /// Forward and backward pass.
    pub train: f64,
}

/// A learning-rate trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateTrial {
    /// The learning rate.
    pub rate: f64,
    /// The outcome of the trial.
    pub outcome: RateOutcome,
}

/// The outcome of a learning-rate trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateOutcome {
    /// The loss on the validation split, in nats.
    Loss(f64),
    /// The score on the validation split, by which rates were chosen in studies before version 0.3.
    Score(f64),
    /// The loss diverged.
    Diverged {
        /// The step at which it diverged.
        step: usize,
    },
    /// The trial did not finish.
    Failed {
        /// The reason.
        reason: String,
    },
}

/// The length of a candidate's training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingLength {
    /// Training steps of a run.
    pub steps: usize,
    /// Training tokens of a run.
    pub tokens: u64,
}
