//! The key tables of T5's checkpoints.

use crate::hf::keys::{Key, copy, drop, if_module, rename, transpose};

/// Embeddings, attention, norms, and feed-forward layers without a gate.
pub(super) const KEYS: &[Key] = &[
    rename("shared", "token"),
    copy("encoder.embed_tokens.weight", "shared.weight"),
    copy("decoder.embed_tokens.weight", "shared.weight"),
    rename(
        "encoder.block.0.layer.0.SelfAttention.relative_attention_bias",
        "encoder.relative.table",
    ),
    transpose("encoder.block.{}.layer.0.SelfAttention.q", "encoder.layers.{}.attention.query"),
    transpose("encoder.block.{}.layer.0.SelfAttention.k", "encoder.layers.{}.attention.key"),
    transpose("encoder.block.{}.layer.0.SelfAttention.v", "encoder.layers.{}.attention.value"),
    transpose("encoder.block.{}.layer.0.SelfAttention.o", "encoder.layers.{}.attention.output"),
    rename("encoder.block.{}.layer.0.layer_norm", "encoder.layers.{}.attention_norm"),
    transpose("encoder.block.{}.layer.1.DenseReluDense.wi", "encoder.layers.{}.feed_forward.up"),
    transpose("encoder.block.{}.layer.1.DenseReluDense.wo", "encoder.layers.{}.feed_forward.down"),
    rename("encoder.block.{}.layer.1.layer_norm", "encoder.layers.{}.feed_forward_norm"),
    rename("encoder.final_layer_norm", "encoder.norm"),
    rename(
        "decoder.block.0.layer.0.SelfAttention.relative_attention_bias",
        "decoder.relative.table",
    ),
    transpose("decoder.block.{}.layer.0.SelfAttention.q", "decoder.layers.{}.attention.query"),
    transpose("decoder.block.{}.layer.0.SelfAttention.k", "decoder.layers.{}.attention.key"),
    transpose("decoder.block.{}.layer.0.SelfAttention.v", "decoder.layers.{}.attention.value"),
    transpose("decoder.block.{}.layer.0.SelfAttention.o", "decoder.layers.{}.attention.output"),
    rename("decoder.block.{}.layer.0.layer_norm", "decoder.layers.{}.attention_norm"),
    transpose(
        "decoder.block.{}.layer.1.EncDecAttention.q",
        "decoder.layers.{}.cross_attention.query",
    ),
    transpose(
        "decoder.block.{}.layer.1.EncDecAttention.k",
        "decoder.layers.{}.cross_attention.key",
    ),
    transpose(
        "decoder.block.{}.layer.1.EncDecAttention.v",
        "decoder.layers.{}.cross_attention.value",
    ),
    transpose(
        "decoder.block.{}.layer.1.EncDecAttention.o",
        "decoder.layers.{}.cross_attention.output",
    ),
    rename("decoder.block.{}.layer.1.layer_norm", "decoder.layers.{}.cross_attention_norm"),
    transpose("decoder.block.{}.layer.2.DenseReluDense.wi", "decoder.layers.{}.feed_forward.up"),
    transpose("decoder.block.{}.layer.2.DenseReluDense.wo", "decoder.layers.{}.feed_forward.down"),
    rename("decoder.block.{}.layer.2.layer_norm", "decoder.layers.{}.feed_forward_norm"),
    rename("decoder.final_layer_norm", "decoder.norm"),
    // An unused table in old files.
    drop("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"),
];

/// Gated feed-forward layers, whose projections are numbered; must precede [`KEYS`].
pub(super) const GATED: &[Key] = &[
    if_module(
        "encoder.layers.{}.feed_forward.gate",
        &[
            transpose(
                "encoder.block.{}.layer.1.DenseReluDense.wi_0",
                "encoder.layers.{}.feed_forward.gate",
            ),
            transpose(
                "encoder.block.{}.layer.1.DenseReluDense.wi_1",
                "encoder.layers.{}.feed_forward.up",
            ),
        ],
    ),
    if_module(
        "decoder.layers.{}.feed_forward.gate",
        &[
            transpose(
                "decoder.block.{}.layer.2.DenseReluDense.wi_0",
                "decoder.layers.{}.feed_forward.gate",
            ),
            transpose(
                "decoder.block.{}.layer.2.DenseReluDense.wi_1",
                "decoder.layers.{}.feed_forward.up",
            ),
        ],
    ),
];
