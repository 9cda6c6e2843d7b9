//! Sizes a family's model to a budget: chooses width, depth and heads; the other sizes follow.

mod search;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::search::{Search, SearchResult};
use super::batch::text_batch;
use super::objective::ObjectiveKind;
use crate::datasets::task::{Task, TokenTable};
use crate::models::backbones::BackboneConfig;
use crate::models::backbones::cost::Sequence;
use crate::models::checkpoint::{Model, ModelSpec};
use crate::models::families::{Family, Size};
use crate::models::hf::config::ConfigError;
use crate::models::parameters::ParameterInfo;
use crate::report::study::{BackboneKind, Dimensions, Flops, Parameters};
use crate::train::Rows;

/// The budget of a model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// Parameters without embeddings.
    Parameters(u64),
    /// Training FLOPs per token.
    Flops(u64),
}

/// The largest relative deviation of a model from its budget.
pub const TOLERANCE: f64 = 0.02;

/// The size of a typical example.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TypicalWorkload {
    /// Tokens of the encoder input of an encoder-decoder.
    pub source: usize,
    /// Tokens of the text.
    pub text: usize,
    /// The number of target positions.
    pub targets: f64,
    /// The number of labels or tokens that the head scores at each target position.
    pub classes: usize,
}

impl TypicalWorkload {
    /// The mean over a task's examples, as the objective converts them to inputs and targets.
    pub fn of(task: &Task, objective: ObjectiveKind) -> Self {
        let some = &task.validation[..task.validation.len().min(200)];
        let batch = text_batch(task, objective, TokenTable::BEGIN, some);
        let count = some.len().max(1);
        let mean = |rows: &Rows| (rows.tokens() / count).max(1);
        Self {
            source: batch.source.as_ref().map_or(0, mean),
            text: mean(&batch.text),
            targets: batch.target_positions().len() as f64 / count as f64,
            classes: match objective.has_classifier() {
                true => task.label_count(),
                false => task.vocab_size(),
            },
        }
    }

    /// FLOPs per input token: of the forward pass, and of a training step.
    pub fn flops(&self, backbone: &BackboneConfig) -> Flops {
        let sequence = Sequence {
            source: self.source,
            text: self.text,
            scores: self.targets * self.classes as f64,
        };
        let tokens = (self.source + self.text) as f64;
        let forward = backbone.cost().flops_of(sequence) / tokens;
        Flops { forward, train: 3.0 * forward }
    }
}

/// The requirements for a model of any size.
#[derive(Debug, Clone, PartialEq)]
pub struct SizingTarget {
    /// The training objective.
    pub objective: ObjectiveKind,
    /// The vocabulary size.
    pub vocab_size: usize,
    /// The label names, for objectives with a classifier.
    pub labels: Vec<String>,
    /// The longest sequence.
    pub context: usize,
    /// The typical example for which FLOPs are counted.
    pub typical: TypicalWorkload,
    /// The dropout probability in training.
    pub dropout: f64,
    /// The end token.
    pub end: u32,
}

/// A model that fits its budget.
#[derive(Debug, Clone)]
pub struct Sized {
    /// The specification of the model.
    pub model_spec: ModelSpec,
    /// Its dimensions.
    pub dimensions: Dimensions,
    /// Its parameter counts.
    pub parameters: Parameters,
    /// FLOPs per token.
    pub flops: Flops,
    /// The relative deviation from the budget.
    pub deviation: f64,
}

/// Why no size fits.
#[derive(Debug, thiserror::Error)]
pub enum SizingError {
    /// The family does not support the config.
    #[error("{family}: {source}")]
    Config {
        /// The family.
        family: &'static str,
        /// The reason.
        source: ConfigError,
    },
    /// The family has no size close enough to the budget.
    #[error(
        "{family} has no size within {} % of {budget}; the nearest has {nearest}, which {}",
        TOLERANCE * 100.0,
        if *is_smallest { "is its smallest: try a larger size" } else { "is too far: try another" }
    )]
    NoSize {
        /// The family.
        family: &'static str,
        /// The budget.
        budget: String,
        /// The cost of the nearest size.
        nearest: String,
        /// Whether the nearest size is the smallest one.
        is_smallest: bool,
    },
}

/// The model of a family that meets the budget with proportions as close to typical ones as
/// possible.
///
/// # Errors
///
/// No size is within [`TOLERANCE`] of the budget.
pub fn fit(
    family: &'static Family,
    backbone: BackboneKind,
    target: &SizingTarget,
    budget: Budget,
) -> Result<Sized, SizingError> {
    let SearchResult { best, nearest } = Search::new(family, backbone, target, budget).all()?;
    match best {
        Some(best) => Ok(best),
        None => {
            let cost = nearest.as_ref().map_or(f64::NAN, |sized| cost(sized, budget));
            Err(SizingError::NoSize {
                family: family.name(),
                budget: budget.to_string(),
                nearest: Budget::to_string_of(budget, cost),
                is_smallest: cost > budget.amount(),
            })
        }
    }
}

/// A family's model of this size, for a target. The token embeddings of a recurrent model may have
/// another width than its states.
///
/// # Errors
///
/// The family does not support the size or the head.
pub fn made(
    family: &'static Family,
    target: &SizingTarget,
    size: &Size,
    d_embedding: Option<usize>,
) -> Result<Sized, ConfigError> {
    let task = target.objective.head();
    let Some(head) = family.head(task) else {
        let reason = "use another family or another task";
        return Err(ConfigError::unsupported("the head", format!("{task:?}"), reason));
    };
    let mut config = (family.config)(size)?;
    config["architectures"] = json!([head.class]);
    if target.objective.has_classifier() {
        let names = target.labels.iter().enumerate();
        let names = names.map(|(index, name)| (index.to_string(), Value::from(name.as_str())));
        config["id2label"] = Value::Object(names.collect());
    }
    if let Some(width) = d_embedding.filter(|width| *width != size.d_model) {
        config["embedding_dim"] = width.into();
        config["tie_word_embeddings"] = false.into();
    }
    Ok(sized(ModelSpec::new(family, config)?, &target.typical))
}

/// The size and costs of a model that no budget decides.
pub fn sized(model_spec: ModelSpec, typical: &TypicalWorkload) -> Sized {
    Sized {
        dimensions: dimensions(&model_spec.architecture.backbone),
        parameters: parameters(&model_spec),
        flops: typical.flops(&model_spec.architecture.backbone),
        deviation: 0.0,
        model_spec,
    }
}

/// Whether a parameter counts as an embedding: token and position tables, and the language-model
/// head.
fn is_embedding(parameter: &ParameterInfo) -> bool {
    let path = &parameter.path;
    ["embedding", "token.weight", "lm_head", "final_logits_bias"]
        .iter()
        .any(|part| path.contains(part))
        || path.starts_with("output.")
}

fn parameters(model_spec: &ModelSpec) -> Parameters {
    let device = burn::tensor::Device::flex();
    let model: Model = model_spec.model(&device);
    let (mut body, mut embeddings) = (0, 0);
    for parameter in model.parameters() {
        let count = parameter.count() as u64;
        if is_embedding(&parameter) { embeddings += count } else { body += count }
    }
    Parameters { body, embeddings, total: body + embeddings }
}

fn dimensions(backbone: &BackboneConfig) -> Dimensions {
    let stacks = backbone.stacks();
    let layer = stacks.first().and_then(|stack| stack.layers.first());
    Dimensions {
        d_model: backbone.d_model(),
        n_layers: backbone.depths().first().copied().unwrap_or(0),
        n_heads: layer.map(|layer| layer.attention.heads.n_heads),
        d_ff: layer.map(|layer| layer.feed_forward.d_ff),
    }
}

fn cost(sized: &Sized, budget: Budget) -> f64 {
    match budget {
        Budget::Parameters(_) => sized.parameters.body as f64,
        Budget::Flops(_) => sized.flops.train,
    }
}

impl Budget {
    fn amount(self) -> f64 {
        match self {
            Self::Parameters(amount) | Self::Flops(amount) => amount as f64,
        }
    }

    fn to_string_of(budget: Self, amount: f64) -> String {
        match budget {
            Self::Parameters(_) => Self::Parameters(amount as u64).to_string(),
            Self::Flops(_) => Self::Flops(amount as u64).to_string(),
        }
    }
}

impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Parameters(count) => write!(f, "{count} parameters without embeddings"),
            Self::Flops(count) => write!(f, "{count} training FLOPs per token"),
        }
    }
}
