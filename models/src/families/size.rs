//! The size of a model to train from scratch.

use serde_json::Value;

use crate::hf::config::ConfigError;

/// The size of a model to train from scratch.
#[derive(Debug, Clone, PartialEq)]
pub struct Size {
    /// The size of the vocabulary: token ids are below it.
    pub vocab_size: usize,
    /// The longest sequence, in tokens.
    pub context: usize,
    /// Features of a hidden state.
    pub d_model: usize,
    /// The number of blocks.
    pub n_layers: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key and value heads; `None` for as many as query heads, the only choice in GPT-2.
    pub n_kv_heads: Option<usize>,
    /// Hidden features of the feed-forward layers; `None` for the family's usual multiple of
    /// `d_model`.
    pub d_ff: Option<usize>,
    /// The probability of every dropout in the family.
    pub dropout: f64,
    /// The end-of-text token.
    pub eos: Option<u32>,
}

impl Size {
    /// Rejects a number of key and value heads, for families without grouped-query attention.
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
    /// The 0.02 of published configs is this value at a width of 1000; at 128 it is a third of it,
    /// and training starts more slowly.
    ///
    /// Reference: Nguyen and Salazar 2019, §2.2, SmallInit, <https://arxiv.org/abs/1910.05895>
    pub fn init_std(&self) -> f64 {
        // Rounded, because it is written to config.json, where 16 digits would be noise.
        let std = (2.0 / (5.0 * self.d_model as f64)).sqrt();
        (std * 1e4).round() / 1e4
    }
}

/// Named sizes: blocks, heads, `d_model`.
pub const NAMED_SIZES: &[(&str, [usize; 3])] = &[
    ("nano", [4, 4, 128]),
    ("micro", [6, 6, 384]),
    ("small", [12, 12, 768]),
    ("medium", [24, 16, 1024]),
];

/// Merges more fields into a config; they replace fields of the same name.
pub(super) fn with(mut config: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (config.as_object_mut(), more) {
        fields.extend(more);
    }
    config
}
