//! DeBERTa v2 and v3: BERT without absolute positions, with separate attention to content and
//! distance.

use serde::Deserialize;
use serde_json::{Value, json};

use super::backbones::dropout;
use super::bert;
use super::bert_like::{self, BertFields};
use super::deberta_like::DebertaFields;
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{PositionEmbedding, Projection};
use crate::heads::{Pooler, PredictionHeadConfig};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, FieldNames, fixed, parse, renaming};
use crate::hf::keys::{Key, copy, drop, if_config, rename, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["deberta-v2"],
    summary: "encoder; attention to content and distance apart",
    paper: "He et al. 2020, https://arxiv.org/abs/2006.03654",
    heads: &[
        head(Task::MaskedLm, "DebertaV2ForMaskedLM", &[BERT_PREDICTIONS, PREDICTIONS]),
        head(Task::SequenceClassifier, "DebertaV2ForSequenceClassification", &[POOLED, CLASSIFIER]),
        head(Task::TokenClassifier, "DebertaV2ForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "DebertaV2ForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "DebertaV2ForMultipleChoice", &[POOLED, CLASSIFIER]),
        head(Task::BaseModel, "DebertaV2Model", &[]),
    ],
    architecture,
    config,
    prefix: "deberta",
    keys: &[OWN_KEYS, bert_like::KEYS],
};

/// The family's own names.
const OWN_KEYS: &[Key] = &[
    transpose("encoder.layer.{}.attention.self.query_proj", "layers.{}.attention.query"),
    transpose("encoder.layer.{}.attention.self.key_proj", "layers.{}.attention.key"),
    transpose("encoder.layer.{}.attention.self.value_proj", "layers.{}.attention.value"),
    transpose(
        "encoder.layer.{}.attention.self.pos_query_proj",
        "layers.{}.attention.distances.query",
    ),
    transpose("encoder.layer.{}.attention.self.pos_key_proj", "layers.{}.attention.distances.key"),
    rename("encoder.rel_embeddings", "relative.table"),
    rename("encoder.LayerNorm", "relative.norm"),
    rename("encoder.conv.conv", "layers.0.convolution"),
    rename("encoder.conv.LayerNorm", "layers.0.convolution_norm"),
    transpose("embeddings.embed_proj", "embedding.projection"),
    // Unused parameters in published files.
    drop("encoder.LayerNorm.*"),
    drop("embeddings.position_embeddings.weight"),
    drop("embeddings.word_embeddings._weight"),
];

/// The masked-token head under BERT's names.
const BERT_PREDICTIONS: &[Key] =
    &[if_config("legacy", bert::PREDICTIONS), if_config("legacy", bert::NO_SENTENCES)];

/// The masked-token head under the family's own names, and the unused head of another pre-training.
const PREDICTIONS: &[Key] = &[
    transpose("lm_predictions.lm_head.dense", "transform.dense"),
    rename("lm_predictions.lm_head.LayerNorm", "transform.norm"),
    rename("lm_predictions.lm_head", "output"),
    transpose("lm_predictions.lm_head", "lm_head"),
    copy("lm_predictions.lm_head.weight", "embeddings.word_embeddings.weight"),
    drop("mask_predictions.*"),
];

/// The pooler, which is part of the head.
const POOLED: &[Key] = &[transpose("pooler.dense", "transform.dense")];

/// Defaults of transformers' `DebertaV2Config`.
const DEFAULTS: &str = r#"{
    "vocab_size": 128100, "hidden_size": 1536, "num_hidden_layers": 24, "num_attention_heads": 24,
    "intermediate_size": 6144, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1, "max_position_embeddings": 512, "type_vocab_size": 0,
    "initializer_range": 0.02, "layer_norm_eps": 1e-7, "relative_attention": false,
    "max_relative_positions": -1, "position_biased_input": true, "pooler_dropout": 0.0,
    "pooler_hidden_act": "gelu", "position_buckets": -1, "share_att_key": false,
    "norm_rel_ebd": "none", "conv_kernel_size": 0, "conv_groups": 1, "conv_act": "tanh"
}"#;

const NAMES: FieldNames = FieldNames {
    defaults: DEFAULTS,
    aliases: &[],
    shared: &[renaming("cls_dropout", "classifier_dropout")],
};

#[derive(Deserialize)]
struct ConfigJson {
    pooler_dropout: f64,
    pooler_hidden_act: String,
    position_biased_input: bool,
    #[serde(flatten)]
    deberta: DebertaFields,
    #[serde(flatten)]
    bert: BertFields,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { pooler_dropout, pooler_hidden_act, position_biased_input, deberta, bert } =
        parse(json, NAMES)?;
    fixed(&bert.other, "pooler_hidden_size", bert.hidden_size)?;
    let mut positions = bert.positions_from_zero()?;
    if !position_biased_input {
        positions.embedding = PositionEmbedding::None;
    }
    let mut encoder = bert.encoder(positions, deberta.layers(&bert)?)?;
    encoder.stack.embedding.projection = Projection::BeforeNorm;
    encoder.stack.embedding.norm = Some(bert.norm(bert.hidden_size)?);
    let mut heads = bert.heads()?;
    heads.pooler = Pooler::Absent;
    let act = activation("pooler_hidden_act", &pooler_hidden_act)?;
    heads.classifier.transform = Some(PredictionHeadConfig::new(bert.hidden_size, act));
    heads.classifier.dropout[0] = dropout("pooler_dropout", pooler_dropout)?;
    heads.choice = heads.classifier;
    Ok(Architecture::encoder(encoder, heads))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let fields = json!({
        "type_vocab_size": 0, "layer_norm_eps": 1e-7, "relative_attention": true,
        "position_buckets": size.context.div_ceil(2).max(4), "norm_rel_ebd": "layer_norm",
        "share_att_key": true, "pos_att_type": ["p2c", "c2p"], "position_biased_input": false,
        "max_relative_positions": -1, "pooler_hidden_size": size.d_model, "legacy": false,
    });
    bert_like::config(&FAMILY, size, fields)
}
