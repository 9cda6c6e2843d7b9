//! ALBERT: BERT with narrow embeddings that are projected, and one block for all layers.

use serde::Deserialize;
use serde_json::{Value, json};

use super::bert_like::{self, BertFields};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task};
use crate::arch::Projection;
use crate::wire::config::{ConfigError, FieldNames, parse, renaming, size};
use crate::wire::keys::{Key, copy, drop, rename, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["albert"],
    summary: "encoder; one block for all layers, narrow embeddings",
    paper: "Lan et al. 2019, https://arxiv.org/abs/1909.11942",
    tasks: &[
        (Task::MaskedLm, "AlbertForMaskedLM", PREDICTIONS),
        (Task::SequenceClassifier, "AlbertForSequenceClassification", CLASSIFICATION),
        (Task::TokenClassifier, "AlbertForTokenClassification", CLASSIFIER),
        (Task::Span, "AlbertForQuestionAnswering", QA_OUTPUTS),
        (Task::Backbone, "AlbertModel", &[]),
    ],
    architecture,
    config,
    prefix: "albert",
    keys: &[EMBEDDINGS, BLOCK],
};

const EMBEDDINGS: &[Key] = &[
    rename("embeddings.word_embeddings", "embedding.token"),
    rename("embeddings.position_embeddings", "embedding.position"),
    rename("embeddings.token_type_embeddings", "embedding.token_type"),
    rename("embeddings.LayerNorm", "embedding.norm"),
    transpose("encoder.embedding_hidden_mapping_in", "embedding.projection"),
    transpose("pooler", "pooler.dense"),
    drop("pooler.*"),
    drop("embeddings.position_ids"),
];

const BLOCK: &[Key] = &[
    transpose(
        "encoder.albert_layer_groups.{}.albert_layers.0.attention.query",
        "layers.{}.attention.query",
    ),
    transpose(
        "encoder.albert_layer_groups.{}.albert_layers.0.attention.key",
        "layers.{}.attention.key",
    ),
    transpose(
        "encoder.albert_layer_groups.{}.albert_layers.0.attention.value",
        "layers.{}.attention.value",
    ),
    transpose(
        "encoder.albert_layer_groups.{}.albert_layers.0.attention.dense",
        "layers.{}.attention.output",
    ),
    rename(
        "encoder.albert_layer_groups.{}.albert_layers.0.attention.LayerNorm",
        "layers.{}.attention_norm",
    ),
    transpose("encoder.albert_layer_groups.{}.albert_layers.0.ffn", "layers.{}.feed_forward.up"),
    transpose(
        "encoder.albert_layer_groups.{}.albert_layers.0.ffn_output",
        "layers.{}.feed_forward.down",
    ),
    rename(
        "encoder.albert_layer_groups.{}.albert_layers.0.full_layer_layer_norm",
        "layers.{}.feed_forward_norm",
    ),
];

/// The scores of masked tokens.
const PREDICTIONS: &[Key] = &[
    transpose("predictions.dense", "transform.dense"),
    rename("predictions.LayerNorm", "transform.norm"),
    rename("predictions", "output"),
    transpose("predictions.decoder", "lm_head"),
    copy("predictions.decoder.weight", "embeddings.word_embeddings.weight"),
    copy("predictions.decoder.bias", "predictions.bias"),
    // Whether two sentences are in order, which the published files can tell.
    drop("sop_classifier.*"),
];

/// Classes through the pooler, which is the skeleton's.
const CLASSIFICATION: &[Key] =
    &[transpose("albert.pooler", "transform.dense"), transpose("classifier", "classifier")];

/// Defaults of transformers' config class.
const DEFAULTS: &str = r#"{
    "vocab_size": 30000, "embedding_size": 128, "hidden_size": 4096, "num_hidden_layers": 12,
    "num_hidden_groups": 1, "num_attention_heads": 64, "intermediate_size": 16384,
    "inner_group_num": 1, "hidden_act": "gelu_new", "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0, "max_position_embeddings": 512, "type_vocab_size": 2,
    "initializer_range": 0.02, "layer_norm_eps": 1e-12, "classifier_dropout_prob": 0.1
}"#;

const NAMES: FieldNames = FieldNames {
    defaults: DEFAULTS,
    aliases: &[],
    shared: &[renaming("classifier_dropout_prob", "classifier_dropout")],
};

#[derive(Deserialize)]
struct ConfigJson {
    num_hidden_groups: usize,
    inner_group_num: usize,
    #[serde(flatten)]
    bert: BertFields,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { num_hidden_groups, inner_group_num, bert } = parse(json, NAMES)?;
    for (field, found) in
        [("num_hidden_groups", num_hidden_groups), ("inner_group_num", inner_group_num)]
    {
        if found != 1 {
            return Err(ConfigError::unsupported(field, found, "1"));
        }
    }
    let mut encoder = bert.encoder(bert.positions_from_zero()?, vec![bert.layer()?])?;
    encoder.stack.passes = size("num_hidden_layers", bert.num_hidden_layers)?;
    // Its file has the projection even where the widths are equal.
    encoder.stack.embedding.projection = Projection::Always;
    Ok(Architecture::Encoder(encoder, bert.heads()?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let fields = json!({
        "embedding_size": (size.d_model / 2).max(1), "num_hidden_groups": 1, "inner_group_num": 1,
        "hidden_act": "gelu_new", "classifier_dropout_prob": size.dropout,
    });
    bert_like::config(size, ("albert", "AlbertForMaskedLM"), fields)
}
