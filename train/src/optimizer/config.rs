//! The hyperparameters of optimizers.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::adamw::AdamWConfig;

/// An optimizer and its hyperparameters. Weight decay applies to matrices; norms and biases, which
/// have one dimension, do not decay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum OptimizerConfig {
    /// AdamW.
    #[serde(rename = "adamw")]
    AdamW(AdamWConfig),
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
    /// Lion.
    Lion(LionConfig),
    /// Adafactor.
    Adafactor(AdafactorConfig),
    /// Muon for the matrices of layers, AdamW for everything else.
    Muon(MuonConfig),
}

/// Hyperparameters of stochastic gradient descent.
///
/// ```text
/// g <- g + λ p;  v <- μ v + g
/// p <- p - lr v, or with Nesterov's momentum  p <- p - lr (g + μ v)
/// ```
///
/// Reference: Sutskever et al. 2013, §2, in the form of `torch.optim.SGD`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SgdConfig {
    /// The decay rate of the velocity, μ; 0 keeps none.
    pub momentum: f64,
    /// Whether the update looks ahead with Nesterov's momentum.
    pub nesterov: bool,
    /// Weight decay λ, added to the gradient.
    pub weight_decay: f64,
}

/// Hyperparameters of Lion.
///
/// ```text
/// p <- p (1 - lr λ) - lr sign(β₁ m + (1 - β₁) g);  m <- β₂ m + (1 - β₂) g
/// ```
///
/// Reference: Chen et al. 2023, algorithm 2, <https://arxiv.org/abs/2302.06675>
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LionConfig {
    /// The share of the momentum in an update, β₁.
    pub beta_1: f64,
    /// The decay rate of the momentum, β₂.
    pub beta_2: f64,
    /// Weight decay λ.
    pub weight_decay: f64,
}

/// Hyperparameters of Adafactor with a learning rate of its own: that of transformers'
/// `Adafactor(scale_parameter=False, relative_step=False)`.
///
/// ```text
/// β = 1 - t^-0.8;  R <- β R + (1 - β) rows(g² + 1e-30);  C <- β C + (1 - β) columns(g² + 1e-30)
/// u = g / sqrt(R C / mean(R));  p <- p (1 - lr λ) - lr u / max(1, RMS(u))
/// ```
///
/// `rows` and `columns` are means over the other dimension; a vector has its whole second moment.
///
/// Reference: Shazeer and Stern 2018, algorithms 4 and 5, <https://arxiv.org/abs/1804.04235>
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AdafactorConfig {
    /// Weight decay λ.
    pub weight_decay: f64,
}

/// Hyperparameters of Muon.
///
/// ```text
/// v <- μ v + g;  p <- p (1 - lr λ) - 0.2 sqrt(max(rows, columns)) lr orthogonal(g + μ v)
/// ```
///
/// `orthogonal` is five steps of a Newton-Schulz iteration in f32. The factor gives an update the
/// size of AdamW's, so that both have one learning rate. Embeddings, heads, biases and norms are
/// updated with AdamW.
///
/// References: Jordan et al. 2024, <https://kellerjordan.github.io/posts/muon/>; the factor, Liu et
/// al. 2025, §2.2, <https://arxiv.org/abs/2502.16982>
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MuonConfig {
    /// The decay rate of the velocity, μ.
    pub momentum: f64,
    /// AdamW for the other parameters; its weight decay is that of all.
    pub adamw: AdamWConfig,
}

/// A setting with the range of its values, for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounded {
    /// Its flag.
    pub(crate) flag: &'static str,
    /// Its value.
    pub(crate) value: f64,
    /// The least value.
    pub(crate) low: f64,
    /// The largest value.
    pub(crate) high: f64,
}

impl Bounded {
    /// A share below 1.
    pub(crate) fn share(flag: &'static str, value: f64) -> Self {
        Self { flag, value, low: 0.0, high: 1.0 - f64::EPSILON }
    }

    fn decay(value: f64) -> Self {
        Self { flag: "--weight-decay", value, low: 0.0, high: f64::MAX }
    }
}

impl OptimizerConfig {
    /// The name, as in `--optimizer`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AdamW(_) => "adamw",
            Self::Sgd(_) => "sgd",
            Self::Lion(_) => "lion",
            Self::Adafactor(_) => "adafactor",
            Self::Muon(_) => "muon",
        }
    }

    /// The hyperparameters with their ranges.
    pub(crate) fn bounds(&self) -> Vec<Bounded> {
        match self {
            Self::AdamW(config) => adamw_bounds(config),
            Self::Sgd(SgdConfig { momentum, weight_decay, nesterov: _ }) => {
                vec![Bounded::share("--momentum", *momentum), Bounded::decay(*weight_decay)]
            }
            Self::Lion(LionConfig { beta_1, beta_2, weight_decay }) => vec![
                Bounded::share("--beta1", *beta_1),
                Bounded::share("--beta2", *beta_2),
                Bounded::decay(*weight_decay),
            ],
            Self::Adafactor(config) => vec![Bounded::decay(config.weight_decay)],
            Self::Muon(MuonConfig { momentum, adamw }) => {
                let mut bounds = adamw_bounds(adamw);
                bounds.push(Bounded::share("--momentum", *momentum));
                bounds
            }
        }
    }
}

fn adamw_bounds(config: &AdamWConfig) -> Vec<Bounded> {
    let AdamWConfig { beta_1, beta_2, epsilon, weight_decay } = *config;
    let low = f64::MIN_POSITIVE;
    vec![
        Bounded::share("--beta1", beta_1),
        Bounded::share("--beta2", beta_2),
        Bounded { flag: "--epsilon", value: epsilon, low, high: 1.0 },
        Bounded::decay(weight_decay),
    ]
}

impl From<AdamWConfig> for OptimizerConfig {
    fn from(config: AdamWConfig) -> Self {
        Self::AdamW(config)
    }
}

/// Reads an optimizer; one without a name is AdamW, which was the only one before.
pub(crate) fn stored<'de, D: Deserializer<'de>>(from: D) -> Result<OptimizerConfig, D::Error> {
    let mut config = Value::deserialize(from)?;
    if let Some(fields) = config.as_object_mut()
        && !fields.contains_key("name")
    {
        fields.insert("name".to_string(), "adamw".into());
    }
    OptimizerConfig::deserialize(config).map_err(serde::de::Error::custom)
}
