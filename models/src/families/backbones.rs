//! Backbones of layers, in the form of most families.

use crate::backbones::{DecoderConfig, EmbeddingConfig, OutputWeights, StackConfig};
use crate::blocks::BlockConfig;
use crate::hf::config::{ConfigError, size, within};

/// A stack whose final norm is like those of its blocks.
///
/// There must be at least one layer.
pub(super) fn stack(
    max_positions: usize,
    embedding: EmbeddingConfig,
    layers: Vec<BlockConfig>,
) -> StackConfig {
    StackConfig {
        d_model: layers[0].attention.d_model,
        max_positions,
        embedding,
        norm: Some(layers[0].norm),
        order: (0..layers.len()).collect(),
        layers,
        dropout: 0.0,
    }
}

/// A decoder with this stack.
pub(super) fn decoder(
    vocab_size: usize,
    stack: StackConfig,
    output: OutputWeights,
    init_std: f64,
) -> Result<DecoderConfig, ConfigError> {
    Ok(DecoderConfig {
        vocab_size: size("vocab_size", vocab_size)?,
        stack,
        output,
        logit_softcap: None,
        init_std: self::init_std("initializer_range", init_std)?,
    })
}

/// Checks the standard deviation of the weights at initialization.
pub(super) fn init_std(field: &'static str, value: f64) -> Result<f64, ConfigError> {
    within(field, value, [0.0, 100.0])
}

/// Checks a dropout probability.
pub(super) fn dropout(field: &'static str, value: f64) -> Result<f64, ConfigError> {
    within(field, value, [0.0, 1.0])
}
