//! A family's model of a given cost: width, depth and heads are chosen, and the rest follows.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::study::{Dimensions, Flops, Parameters, Skeleton};
use super::way::Way;
use crate::models::families::{Architecture, Family, Size};
use crate::models::parameters::ParameterInfo;
use crate::models::pretrained::{Blueprint, Model};
use crate::models::wire::config::ConfigError;

/// What a model shall cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// Parameters without embeddings.
    Parameters(u64),
    /// Operations for a token of a training step.
    Flops(u64),
}

/// How far a model may be from its budget.
pub const TOLERANCE: f64 = 0.02;

/// What a model must be able to do, whatever its size.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// How it does its task.
    pub way: Way,
    /// Symbols that it reads and writes.
    pub vocab_size: usize,
    /// Names of the classes, for those with a classifier.
    pub labels: Vec<String>,
    /// The longest sequence.
    pub context: usize,
    /// A usual length, for which operations are counted.
    pub length: usize,
    /// Probability of dropping a feature in training.
    pub dropout: f64,
    /// The symbol that ends a text.
    pub end: u32,
}

/// A model that fits its budget.
#[derive(Debug, Clone)]
pub struct Sized {
    /// The model to be made.
    pub blueprint: Blueprint,
    /// Its sizes.
    pub dimensions: Dimensions,
    /// Its parameters.
    pub parameters: Parameters,
    /// Operations for a token.
    pub flops: Flops,
    /// How far it is from the budget, as a share of it.
    pub deviation: f64,
}

/// Why no size fits.
#[derive(Debug, thiserror::Error)]
pub enum SizingError {
    /// The family cannot be built so.
    #[error("{family}: {source}")]
    Config {
        /// The family.
        family: &'static str,
        /// What is wrong.
        source: ConfigError,
    },
    /// No size that the family has comes near.
    #[error(
        "{family} has no size within {} % of {budget}; the nearest has {nearest}, which {}",
        TOLERANCE * 100.0,
        if *is_smallest { "is its smallest: ask for more" } else { "may not suit: ask for another" }
    )]
    NoSize {
        /// The family.
        family: &'static str,
        /// What was asked for.
        budget: String,
        /// What the nearest one costs.
        nearest: String,
        /// Whether all others are larger.
        is_smallest: bool,
    },
}

/// Depths that are tried.
const DEPTHS: [usize; 11] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24];

/// Widths of a head that are tried, the usual ones first.
const HEAD_WIDTHS: [usize; 6] = [32, 64, 16, 24, 48, 8];

/// The width that a layer of a well-formed small model has for each layer of depth.
///
/// Loss hardly depends on the ratio between 20 and 100.
///
/// Reference: Kaplan et al. 2020, §3.2, <https://arxiv.org/abs/2001.08361>
const ASPECT: f64 = 40.0;

/// A model of a family that costs as much as the budget, as near to the usual proportions as it can be.
///
/// # Errors
///
/// No size comes within [`TOLERANCE`].
pub fn fit(
    family: &'static Family,
    skeleton: Skeleton,
    wanted: &Wanted,
    budget: Budget,
) -> Result<Sized, SizingError> {
    let mut search = Search { family, skeleton, wanted, budget, best: None, nearest: None };
    for n_layers in DEPTHS {
        for d_head in HEAD_WIDTHS {
            search.depth(n_layers, d_head)?;
        }
    }
    let Search { best, nearest, .. } = search;
    match (best, nearest) {
        (Some((_, sized)), _) => Ok(sized),
        (None, nearest) => {
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

struct Search<'a> {
    family: &'static Family,
    skeleton: Skeleton,
    wanted: &'a Wanted,
    budget: Budget,
    /// The best proportions within the tolerance.
    best: Option<(f64, Sized)>,
    nearest: Option<Sized>,
}

impl Search<'_> {
    /// The widths of one depth: the cost grows with them, so the right one is found by halving.
    fn depth(&mut self, n_layers: usize, d_head: usize) -> Result<(), SizingError> {
        let (mut low, mut high) = (1, 4096 / d_head);
        while low < high {
            let middle = (low + high) / 2;
            let sized = self.make(n_layers, [d_head, middle], None)?;
            if cost(&sized, self.budget) < self.budget.amount() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for heads in [low.saturating_sub(1), low] {
            if heads == 0 {
                continue;
            }
            let sized = self.make(n_layers, [d_head, heads], None)?;
            self.consider(&sized, d_head);
            if sized.deviation.abs() <= 0.3
                && sized.dimensions.d_ff.is_some()
                && let Some(sized) = self.with_feed_forward(n_layers, [d_head, heads])?
            {
                self.consider(&sized, d_head);
            }
        }
        Ok(())
    }

    /// The same with another width inside the feed-forward layers, which makes up what is left.
    fn with_feed_forward(
        &self,
        n_layers: usize,
        head: [usize; 2],
    ) -> Result<Option<Sized>, SizingError> {
        let d_model = head[0] * head[1];
        let (mut low, mut high) = (d_model, 8 * d_model);
        while low < high {
            let middle = (low + high) / 2;
            let sized = self.make(n_layers, head, Some(middle))?;
            if cost(&sized, self.budget) < self.budget.amount() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        // Where the family has no such choice, the cost does not change.
        let sized = self.make(n_layers, head, Some(low))?;
        Ok((sized.dimensions.d_ff == Some(low)).then_some(sized))
    }

    fn make(
        &self,
        n_layers: usize,
        [d_head, n_heads]: [usize; 2],
        d_ff: Option<usize>,
    ) -> Result<Sized, SizingError> {
        let size = Size {
            vocab_size: self.wanted.vocab_size,
            context: self.wanted.context,
            d_model: d_head * n_heads,
            n_layers,
            n_heads: if self.skeleton == Skeleton::Recurrent { 1 } else { n_heads },
            n_kv_heads: None,
            d_ff,
            dropout: self.wanted.dropout,
            eos: Some(self.wanted.end),
        };
        let sized = made(self.family, self.skeleton, self.wanted, &size);
        let mut sized =
            sized.map_err(|source| SizingError::Config { family: self.family.name(), source })?;
        let amount = self.budget.amount();
        sized.deviation = (cost(&sized, self.budget) - amount) / amount;
        Ok(sized)
    }

    fn consider(&mut self, sized: &Sized, d_head: usize) {
        let off = |sized: &Sized| sized.deviation.abs();
        if self.nearest.as_ref().is_none_or(|nearest| off(sized) < off(nearest)) {
            self.nearest = Some(sized.clone());
        }
        if off(sized) > TOLERANCE {
            return;
        }
        let score = unusual(sized, d_head);
        if self.best.as_ref().is_none_or(|(best, _)| score < *best) {
            self.best = Some((score, sized.clone()));
        }
    }
}

/// How unusual the proportions of a model are: 0 is as usual as can be.
fn unusual(sized: &Sized, d_head: usize) -> f64 {
    let Dimensions { d_model, n_layers, d_ff, .. } = sized.dimensions;
    let aspect = (d_model as f64 / n_layers as f64 / ASPECT).ln().abs();
    // Small models have small heads.
    let usual_head = if d_model < 96 { 16.0 } else { 32.0 };
    let head = (d_head as f64 / usual_head).ln().abs();
    let usual_ff = d_ff.map_or(0.0, |d_ff| (d_ff as f64 / (3.5 * d_model as f64)).ln().abs());
    let shallow = if n_layers < 2 { 1.0 } else { 0.0 };
    aspect + 0.5 * head + 0.7 * usual_ff + shallow + 5.0 * sized.deviation.abs()
}

/// A family's model of this size, for what is wanted of it.
///
/// # Errors
///
/// The family has no word for the size, or for the head.
pub fn made(
    family: &'static Family,
    skeleton: Skeleton,
    wanted: &Wanted,
    size: &Size,
) -> Result<Sized, ConfigError> {
    let head = wanted.way.head();
    let class = family.tasks.iter().find(|(task, ..)| *task == head).map(|(_, class, _)| *class);
    let Some(class) = class else {
        let reason = "another family, or another task";
        return Err(ConfigError::unsupported("the head", format!("{head:?}"), reason));
    };
    let mut config = (family.config)(size)?;
    config["architectures"] = json!([class]);
    if wanted.way.has_classifier() {
        let names = wanted.labels.iter().enumerate();
        let names = names.map(|(index, name)| (index.to_string(), Value::from(name.as_str())));
        config["id2label"] = Value::Object(names.collect());
        if skeleton == Skeleton::Recurrent {
            config["bidirectional"] = true.into();
        }
    }
    let blueprint = Blueprint::new(family, config)?;
    let parameters = parameters(&blueprint);
    let forward = blueprint.architecture.cost().flops_per_token(wanted.length) as f64;
    Ok(Sized {
        dimensions: dimensions(&blueprint.architecture, skeleton),
        parameters,
        flops: Flops { forward, train: 3.0 * forward },
        deviation: 0.0,
        blueprint,
    })
}

/// What of a model is embeddings: the tables of tokens and positions, and what scores all tokens.
fn is_embedding(parameter: &ParameterInfo) -> bool {
    let path = &parameter.path;
    ["embedding", "token.weight", "lm_head", "final_logits_bias"]
        .iter()
        .any(|part| path.contains(part))
        || path.starts_with("output.")
}

fn parameters(blueprint: &Blueprint) -> Parameters {
    let device = burn::tensor::Device::flex();
    let model: Model = blueprint.model(&device);
    let (mut body, mut embeddings) = (0, 0);
    for parameter in model.parameters() {
        let count = parameter.count() as u64;
        if is_embedding(&parameter) { embeddings += count } else { body += count }
    }
    Parameters { body, embeddings, total: body + embeddings }
}

fn dimensions(architecture: &Architecture, skeleton: Skeleton) -> Dimensions {
    let stack = architecture.stacks()[0];
    let layer = stack.layers.first();
    let is_attentive = skeleton != Skeleton::Recurrent;
    Dimensions {
        d_model: stack.d_model,
        n_layers: stack.depth(),
        n_heads: layer.filter(|_| is_attentive).map(|layer| layer.attention.n_heads),
        d_ff: layer.filter(|_| is_attentive).map(|layer| layer.feed_forward.d_ff),
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
            Self::Flops(count) => write!(f, "{count} operations for a token in training"),
        }
    }
}
