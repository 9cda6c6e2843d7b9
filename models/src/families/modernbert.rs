//! ModernBERT: an encoder with rotary positions, GeGLU, norms before the sub-layers and no biases,
//! as in Llama; two of three layers have local attention.

use serde_json::{Value, json};

use super::head_keys::CLASSIFIER;
use super::modernbert_like::architecture;
use super::{Family, Size, Task, head};
use crate::hf::config::ConfigError;
use crate::hf::keys::{Key, copy, rename, split_transpose, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["modernbert"],
    summary: "encoder; rotary positions, GeGLU, two of three layers local",
    paper: "Warner et al. 2024, https://arxiv.org/abs/2412.13663",
    heads: &[
        head(Task::MaskedLm, "ModernBertForMaskedLM", &[TRANSFORM, DECODER]),
        head(
            Task::SequenceClassifier,
            "ModernBertForSequenceClassification",
            &[TRANSFORM, CLASSIFIER],
        ),
        head(Task::TokenClassifier, "ModernBertForTokenClassification", &[TRANSFORM, CLASSIFIER]),
        head(Task::Span, "ModernBertForQuestionAnswering", &[TRANSFORM, CLASSIFIER]),
        head(Task::MultipleChoice, "ModernBertForMultipleChoice", &[TRANSFORM, CLASSIFIER]),
        head(Task::BaseModel, "ModernBertModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[&[
        rename("embeddings.tok_embeddings", "embedding.token"),
        rename("embeddings.norm", "embedding.norm"),
        rename("layers.{}.attn_norm", "layers.{}.attention_norm"),
        split_transpose(
            "layers.{}.attn.Wqkv",
            &["layers.{}.attention.query", "layers.{}.attention.key", "layers.{}.attention.value"],
        ),
        transpose("layers.{}.attn.Wo", "layers.{}.attention.output"),
        rename("layers.{}.mlp_norm", "layers.{}.feed_forward_norm"),
        split_transpose(
            "layers.{}.mlp.Wi",
            &["layers.{}.feed_forward.gate", "layers.{}.feed_forward.up"],
        ),
        transpose("layers.{}.mlp.Wo", "layers.{}.feed_forward.down"),
        rename("final_norm", "norm"),
    ]],
};

/// The transform, which is the same in every head.
const TRANSFORM: &[Key] =
    &[transpose("head.dense", "transform.dense"), rename("head.norm", "transform.norm")];

/// The output projection of the masked-token head.
const DECODER: &[Key] = &[
    rename("decoder", "output"),
    transpose("decoder", "lm_head"),
    copy("decoder.weight", "embeddings.tok_embeddings.weight"),
];

fn config(size: &Size) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    Ok(json!({
        "model_type": "modernbert", "architectures": ["ModernBertForMaskedLM"],
        "vocab_size": size.vocab_size, "max_position_embeddings": size.context,
        "hidden_size": size.d_model, "num_hidden_layers": size.n_layers,
        "num_attention_heads": size.n_heads,
        "intermediate_size": size.d_ff.unwrap_or(3 * size.d_model / 2),
        "local_attention": (size.context / 2).max(2), "embedding_dropout": size.dropout,
        "mlp_dropout": size.dropout, "classifier_dropout": size.dropout,
        "initializer_range": size.init_std(), "pad_token_id": 0, "bos_token_id": null,
        "eos_token_id": size.eos, "cls_token_id": null, "sep_token_id": null, "dtype": "float32",
    }))
}
