//! The key tables of ALBERT's checkpoints.

use crate::hf::keys::{Key, copy, drop, if_module, in_groups, rename, transpose};

pub(super) const EMBEDDINGS: &[Key] = &[
    rename("embeddings.word_embeddings", "embedding.token"),
    rename("embeddings.position_embeddings", "embedding.position"),
    rename("embeddings.token_type_embeddings", "embedding.token_type"),
    rename("embeddings.LayerNorm", "embedding.norm"),
    transpose("encoder.embedding_hidden_mapping_in", "embedding.projection"),
    transpose("pooler", "pooler.dense"),
    drop("pooler.*"),
    drop("embeddings.position_ids"),
];

/// The blocks. Files number the groups, and the blocks of each group.
pub(super) const BLOCKS: &[Key] = &[in_groups("inner_group_num", BLOCK)];

const BLOCK: &[Key] = &[
    transpose(
        "encoder.albert_layer_groups.{}.albert_layers.{}.attention.query",
        "layers.{}.attention.query",
    ),
    transpose(
        "encoder.albert_layer_groups.{}.albert_layers.{}.attention.key",
        "layers.{}.attention.key",
    ),
    transpose(
        "encoder.albert_layer_groups.{}.albert_layers.{}.attention.value",
        "layers.{}.attention.value",
    ),
    transpose(
        "encoder.albert_layer_groups.{}.albert_layers.{}.attention.dense",
        "layers.{}.attention.output",
    ),
    rename(
        "encoder.albert_layer_groups.{}.albert_layers.{}.attention.LayerNorm",
        "layers.{}.attention_norm",
    ),
    transpose("encoder.albert_layer_groups.{}.albert_layers.{}.ffn", "layers.{}.feed_forward.up"),
    transpose(
        "encoder.albert_layer_groups.{}.albert_layers.{}.ffn_output",
        "layers.{}.feed_forward.down",
    ),
    rename(
        "encoder.albert_layer_groups.{}.albert_layers.{}.full_layer_layer_norm",
        "layers.{}.feed_forward_norm",
    ),
];

/// The masked-token head.
pub(super) const PREDICTIONS: &[Key] = &[
    transpose("predictions.dense", "transform.dense"),
    rename("predictions.LayerNorm", "transform.norm"),
    rename("predictions", "output"),
    transpose("predictions.decoder", "lm_head"),
    copy("predictions.decoder.weight", "embeddings.word_embeddings.weight"),
    copy("predictions.decoder.bias", "predictions.bias"),
    if_module(
        "sentences.classifier",
        &[
            transpose("albert.pooler", "sentences.transform.dense"),
            transpose("sop_classifier.classifier", "sentences.classifier"),
        ],
    ),
    // The sentence-order head, which published files contain.
    drop("sop_classifier.*"),
];

/// The pooler, which is part of the backbone, in classifiers.
pub(super) const POOLED: &[Key] = &[transpose("albert.pooler", "transform.dense")];
