//! Pegasus: mBART with sinusoidal positions and no norm on the embeddings.

use serde_json::{Value, json};

use super::bart_like::{
    self, BartFields, EPSILON, FINAL_NORMS, Form, KEYS, LOGITS_BIAS, PRE_NORM, STORED_SINUSOIDS,
    TIED_HEAD,
};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{OutputBias, PositionEmbedding};
use crate::hf::config::{ConfigError, parse};
use crate::layers::sinusoid::SinusoidLayout;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["pegasus"],
    summary: "encoder and decoder; sinusoidal positions, LayerNorm before the sub-layers",
    paper: "Zhang et al. 2019, https://arxiv.org/abs/1912.08777",
    heads: &[head(Task::Seq2SeqLm, "PegasusForConditionalGeneration", &[TIED_HEAD, LOGITS_BIAS])],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, FINAL_NORMS, STORED_SINUSOIDS],
};

/// Defaults of transformers' `PegasusConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50265, "max_position_embeddings": 1024, "d_model": 1024, "encoder_layers": 12,
    "encoder_ffn_dim": 4096, "encoder_attention_heads": 16, "decoder_layers": 12,
    "decoder_ffn_dim": 4096, "decoder_attention_heads": 16, "activation_function": "gelu",
    "dropout": 0.1, "attention_dropout": 0.0, "activation_dropout": 0.0, "init_std": 0.02,
    "scale_embedding": false, "decoder_start_token_id": 0
}"#;

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: BartFields = parse(json, bart_like::names(DEFAULTS))?;
    let model = json.model(&Form {
        wiring: PRE_NORM,
        positions: PositionEmbedding::StoredSinusoidal(SinusoidLayout::Halves),
        embedding_norm: None,
        epsilon: EPSILON,
        output_bias: OutputBias::Constant,
    })?;
    Ok(Architecture::encoder_decoder(model, json.heads()?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    bart_like::config(&FAMILY, size, json!({}))
}
