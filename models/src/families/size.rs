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

/// A size with a name.
#[derive(Debug, Clone, Copy)]
pub struct NamedSize {
    /// Its name.
    pub name: &'static str,
    /// The number of blocks.
    pub n_layers: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Features of a hidden state.
    pub d_model: usize,
}

/// All named sizes, the smallest first.
pub const NAMED_SIZES: &[NamedSize] = &[
    NamedSize { name: "nano", n_layers: 4, n_heads: 4, d_model: 128 },
    NamedSize { name: "micro", n_layers: 6, n_heads: 6, d_model: 384 },
    NamedSize { name: "small", n_layers: 12, n_heads: 12, d_model: 768 },
    NamedSize { name: "medium", n_layers: 24, n_heads: 16, d_model: 1024 },
];

impl NamedSize {
    /// The size with this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        NAMED_SIZES.iter().find(|size| size.name == name)
    }

    /// The size of a model with this vocabulary and context, without dropout.
    pub fn size(&self, vocab_size: usize, context: usize) -> Size {
        Size {
            vocab_size,
            context,
            d_model: self.d_model,
            n_layers: self.n_layers,
            n_heads: self.n_heads,
            n_kv_heads: None,
            d_ff: None,
            dropout: 0.0,
            eos: None,
        }
    }
}

/// Merges more fields into a config; they replace fields of the same name.
pub(super) fn with(mut config: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (config.as_object_mut(), more) {
        fields.extend(more);
    }
    config
}
