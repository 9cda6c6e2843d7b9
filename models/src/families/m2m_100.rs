//! M2M-100 and NLLB: Pegasus with fairseq's sinusoidal positions, which start after the padding id;
//! the logits have no bias.

use serde::Deserialize;
use serde_json::{Value, json};

use super::bart_like::{
    self, BartFields, EPSILON, FINAL_NORMS, Form, KEYS, PRE_NORM, SINUSOIDS, TIED_HEAD,
};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{OutputBias, PositionEmbedding, PositionNumbering};
use crate::hf::config::{ConfigError, parse};
use crate::layers::sinusoid::SinusoidLayout;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["m2m_100"],
    summary: "encoder and decoder; fairseq's sinusoidal positions, LayerNorm before the sub-layers",
    paper: "Fan et al. 2020, https://arxiv.org/abs/2010.11125",
    heads: &[head(Task::Seq2SeqLm, "M2M100ForConditionalGeneration", &[TIED_HEAD])],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, FINAL_NORMS, SINUSOIDS],
};

/// Defaults of transformers' `M2M100Config`.
const DEFAULTS: &str = r#"{
    "vocab_size": 128112, "max_position_embeddings": 1024, "d_model": 1024, "encoder_layers": 12,
    "encoder_ffn_dim": 4096, "encoder_attention_heads": 16, "decoder_layers": 12,
    "decoder_ffn_dim": 4096, "decoder_attention_heads": 16, "activation_function": "relu",
    "dropout": 0.1, "attention_dropout": 0.1, "activation_dropout": 0.0, "init_std": 0.02,
    "scale_embedding": true, "decoder_start_token_id": 2, "pad_token_id": 1
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    pad_token_id: usize,
    #[serde(flatten)]
    bart: BartFields,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, bart_like::names(DEFAULTS))?;
    let padding = json.pad_token_id;
    let layout = SinusoidLayout::HalvesInclusive;
    let model = json.bart.model(&Form {
        wiring: PRE_NORM,
        positions: PositionEmbedding::Sinusoidal(
            layout,
            PositionNumbering::SkipPadding { padding },
        ),
        embedding_norm: None,
        epsilon: EPSILON,
        output_bias: OutputBias::Absent,
    })?;
    if padding >= model.vocab_size {
        let reason = "it must be below vocab_size";
        return Err(ConfigError::invalid("pad_token_id", padding, reason));
    }
    Ok(Architecture::encoder_decoder(model, json.bart.heads()?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    // A text starts with the end-of-text token, as in the published models: padding, the start
    // token of other families, has no position, and in incremental decoding its positions are
    // counted differently.
    let start = size.eos.filter(|eos| *eos != 0).unwrap_or(1);
    let more = json!({ "decoder_start_token_id": start });
    bart_like::config(&FAMILY, size, more)
}
