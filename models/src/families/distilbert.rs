//! DistilBERT: BERT without token types and a pooler, half as deep, with its own names.

use serde_json::{Map, Value, json};

use super::backbones::dropout;
use super::bert_like::BertFields;
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task, head};
use crate::heads::{Pooler, PredictionHeadConfig};
use crate::hf::config::{ConfigError, FieldNames, parse, renaming};
use crate::hf::keys::{Key, copy, rename, transpose};
use crate::layers::activation::Activation;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["distilbert"],
    summary: "encoder; a smaller BERT, taught by BERT",
    paper: "Sanh et al. 2019, https://arxiv.org/abs/1910.01108",
    heads: &[
        head(Task::MaskedLm, "DistilBertForMaskedLM", &[VOCAB]),
        head(
            Task::SequenceClassifier,
            "DistilBertForSequenceClassification",
            &[PRE_CLASSIFIER, CLASSIFIER],
        ),
        head(Task::TokenClassifier, "DistilBertForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "DistilBertForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "DistilBertForMultipleChoice", &[PRE_CLASSIFIER, CLASSIFIER]),
        head(Task::BaseModel, "DistilBertModel", &[]),
    ],
    architecture,
    config,
    prefix: "distilbert",
    keys: &[&[
        rename("embeddings.word_embeddings", "embedding.token"),
        rename("embeddings.position_embeddings", "embedding.position"),
        rename("embeddings.LayerNorm", "embedding.norm"),
        transpose("transformer.layer.{}.attention.q_lin", "layers.{}.attention.query"),
        transpose("transformer.layer.{}.attention.k_lin", "layers.{}.attention.key"),
        transpose("transformer.layer.{}.attention.v_lin", "layers.{}.attention.value"),
        transpose("transformer.layer.{}.attention.out_lin", "layers.{}.attention.output"),
        rename("transformer.layer.{}.sa_layer_norm", "layers.{}.attention_norm"),
        transpose("transformer.layer.{}.ffn.lin1", "layers.{}.feed_forward.up"),
        transpose("transformer.layer.{}.ffn.lin2", "layers.{}.feed_forward.down"),
        rename("transformer.layer.{}.output_layer_norm", "layers.{}.feed_forward_norm"),
    ]],
};

/// The masked-token head.
const VOCAB: &[Key] = &[
    transpose("vocab_transform", "transform.dense"),
    rename("vocab_layer_norm", "transform.norm"),
    rename("vocab_projector", "output"),
    transpose("vocab_projector", "lm_head"),
    copy("vocab_projector.weight", "embeddings.word_embeddings.weight"),
];

/// The transform of the sequence classifier.
const PRE_CLASSIFIER: &[Key] = &[transpose("pre_classifier", "transform.dense")];

/// Defaults of transformers' `DistilBertConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 30522, "max_position_embeddings": 512, "n_layers": 6, "n_heads": 12, "dim": 768,
    "hidden_dim": 3072, "dropout": 0.1, "attention_dropout": 0.1, "activation": "gelu",
    "initializer_range": 0.02, "qa_dropout": 0.1, "seq_classif_dropout": 0.2
}"#;

/// The family's names for BERT's fields, and transformers' common names for the family's fields.
const NAMES: FieldNames = FieldNames {
    defaults: DEFAULTS,
    aliases: &[
        renaming("hidden_size", "dim"),
        renaming("num_attention_heads", "n_heads"),
        renaming("num_hidden_layers", "n_layers"),
    ],
    shared: &[
        renaming("n_layers", "num_hidden_layers"),
        renaming("n_heads", "num_attention_heads"),
        renaming("dim", "hidden_size"),
        renaming("hidden_dim", "intermediate_size"),
        renaming("dropout", "hidden_dropout_prob"),
        renaming("attention_dropout", "attention_probs_dropout_prob"),
        renaming("activation", "hidden_act"),
        renaming("seq_classif_dropout", "classifier_dropout"),
    ],
};

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let mut given: Map<String, Value> = parse(json, NAMES)?;
    given.insert("layer_norm_eps".into(), json!(1e-12));
    let qa_dropout = given["qa_dropout"].as_f64().unwrap_or(f64::NAN);
    let json: BertFields = serde_json::from_value(Value::Object(given))?;
    let json = json.without_types().without_projection();
    let layers = vec![json.layer()?; json.num_hidden_layers];
    let encoder = json.encoder(json.positions_from_zero()?, layers)?;
    let mut heads = json.heads()?;
    heads.pooler = Pooler::Absent;
    heads.classifier.transform =
        Some(PredictionHeadConfig::new(json.hidden_size, Activation::Relu));
    heads.choice = heads.classifier;
    heads.tokens.dropout = dropout("qa_dropout", qa_dropout)?;
    Ok(Architecture::encoder(encoder, heads))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    Ok(json!({
        "model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"],
        "vocab_size": size.vocab_size, "max_position_embeddings": size.context,
        "dim": size.d_model, "hidden_dim": size.d_ff.unwrap_or(4 * size.d_model),
        "n_layers": size.n_layers, "n_heads": size.n_heads, "activation": "gelu",
        "dropout": size.dropout, "attention_dropout": size.dropout, "qa_dropout": size.dropout,
        "seq_classif_dropout": size.dropout, "sinusoidal_pos_embds": false,
        "initializer_range": size.init_std(), "pad_token_id": 0, "dtype": "float32",
    }))
}
