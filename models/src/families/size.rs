//! The size of a new model.

use serde_json::Value;

use crate::hf::config::ConfigError;

/// The size of a model to train from scratch.
#[derive(Debug, Clone, PartialEq)]
pub struct Size {
    /// Token ids run from 0 to this, exclusive.
    pub vocab_size: usize,
    /// The longest sequence, in tokens.
    pub context: usize,
    /// Features of a token.
    pub d_model: usize,
    /// Blocks.
    pub n_layers: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key and value heads; as many as query heads where `None`. GPT-2 has no other choice.
    pub n_kv_heads: Option<usize>,
    /// Hidden features of the feed-forward layers; the family's usual multiple of `d_model` where `None`.
    pub d_ff: Option<usize>,
    /// Probability of dropping a feature in training, wherever the family drops.
    pub dropout: f64,
    /// The token that ends a text.
    pub eos: Option<u32>,
}

impl Size {
    /// For families without grouped queries.
    pub(super) fn refuse_kv_heads(&self) -> Result<(), ConfigError> {
        match self.n_kv_heads {
            Some(heads) if heads != self.n_heads => {
                let supported = "as many as query heads in this family";
                Err(ConfigError::unsupported("key and value heads", heads, supported))
            }
            _ => Ok(()),
        }
    }

    /// Standard deviation of the weights at initialization.
    ///
    /// ```text
    /// sqrt(2 / (5 d_model))
    /// ```
    ///
    /// The 0.02 of published configs is this at a width of 1000; at 128 it is a third of it, and
    /// training begins slower than it could.
    ///
    /// Reference: Nguyen and Salazar 2019, §2.2, SmallInit, <https://arxiv.org/abs/1910.05895>
    pub fn init_std(&self) -> f64 {
        // Written into config.json, where 16 digits would be noise.
        let std = (2.0 / (5.0 * self.d_model as f64)).sqrt();
        (std * 1e4).round() / 1e4
    }
}

/// Sizes that have a name: blocks, heads, `d_model`.
pub const NAMED_SIZES: &[(&str, [usize; 3])] = &[
    ("nano", [4, 4, 128]),
    ("micro", [6, 6, 384]),
    ("small", [12, 12, 768]),
    ("medium", [24, 16, 1024]),
];

/// A config with more fields, which stand in for those of the same name.
pub(super) fn with(mut config: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (config.as_object_mut(), more) {
        fields.extend(more);
    }
    config
}
