//! MPNet: RoBERTa without token types, with a relative bias shared by all layers.

use serde_json::{Value, json};

use super::bert_like::{self, BertFields, LM_HEAD, MLP_CLASSIFIER, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, fixed, parse};
use crate::hf::keys::{Key, drop, rename, transpose};
use crate::layers::activation::Activation;
use crate::layers::position::PositionEncoding;
use crate::layers::relative_bias::{BiasDirection, RelativeBiasConfig};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["mpnet"],
    summary: "encoder; RoBERTa with a shared relative bias",
    paper: "Song et al. 2020, https://arxiv.org/abs/2004.09297",
    heads: &[
        head(Task::MaskedLm, "MPNetForMaskedLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "MPNetForSequenceClassification", &[MLP_CLASSIFIER]),
        head(Task::TokenClassifier, "MPNetForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "MPNetForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "MPNetForMultipleChoice", &[POOLED, CLASSIFIER]),
        head(Task::BaseModel, "MPNetModel", &[]),
    ],
    architecture,
    config,
    prefix: "mpnet",
    keys: &[KEYS, POOLER],
};

const KEYS: &[Key] = &[
    rename("embeddings.word_embeddings", "embedding.token"),
    rename("embeddings.position_embeddings", "embedding.position"),
    rename("embeddings.LayerNorm", "embedding.norm"),
    transpose("encoder.layer.{}.attention.attn.q", "layers.{}.attention.query"),
    transpose("encoder.layer.{}.attention.attn.k", "layers.{}.attention.key"),
    transpose("encoder.layer.{}.attention.attn.v", "layers.{}.attention.value"),
    transpose("encoder.layer.{}.attention.attn.o", "layers.{}.attention.output"),
    rename("encoder.layer.{}.attention.LayerNorm", "layers.{}.attention_norm"),
    transpose("encoder.layer.{}.intermediate.dense", "layers.{}.feed_forward.up"),
    transpose("encoder.layer.{}.output.dense", "layers.{}.feed_forward.down"),
    rename("encoder.layer.{}.output.LayerNorm", "layers.{}.feed_forward_norm"),
    rename("encoder.relative_attention_bias", "relative.table"),
    drop("embeddings.position_ids"),
];

/// The pooler, which is part of the backbone, in the multiple-choice head.
const POOLED: &[Key] = &[transpose("mpnet.pooler.dense", "transform.dense")];

/// Defaults of transformers' `MPNetConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 30527, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1, "max_position_embeddings": 512,
    "initializer_range": 0.02, "layer_norm_eps": 1e-12
}"#;

/// The buckets are fixed in the reference, independent of the config.
const BUCKETS: RelativeBiasConfig =
    RelativeBiasConfig { n_buckets: 32, max_distance: 128, direction: BiasDirection::Both };

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: BertFields = parse(json, DEFAULTS)?;
    let json = json.without_types().without_projection();
    fixed(&json.other, "relative_attention_num_buckets", 32)?;
    fixed(&json.other, "pad_token_id", 1)?;
    let mut layer = json.layer()?;
    layer.attention.positions = PositionEncoding::RelativeBias(BUCKETS);
    let layers = vec![layer; json.num_hidden_layers];
    let encoder = json.encoder(json.positions_behind_padding()?, layers)?;
    let mut heads = json.heads()?;
    // Independent of hidden_act, as in the reference.
    heads.masked_lm = Some(json.masked_lm(Activation::Gelu)?);
    heads.classifier.dropout[0] = heads.classifier.dropout[1];
    heads.choice.dropout[1] = json.hidden_dropout_prob;
    Ok(Architecture::encoder(encoder, heads))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let fields = json!({
        "pad_token_id": 1, "max_position_embeddings": size.context + 2, "type_vocab_size": 0,
        "relative_attention_num_buckets": 32,
    });
    bert_like::config(&FAMILY, size, fields)
}
