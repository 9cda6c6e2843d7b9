//! Mixtral: Mistral with a mixture of experts in each block, of which every token uses a few.

use serde::Deserialize;
use serde_json::Value;

use super::head_keys::{LM_HEAD, QA_OUTPUTS, SCORE};
use super::llama_like::{self, FEED_FORWARD_NORM, KEYS, LlamaFields};
use super::windows::slide;
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, FieldNames, parse, renaming, size};
use crate::hf::keys::{Key, transpose};
use crate::layers::feed_forward::FeedForwardKind;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["mixtral"],
    summary: "decoder; Mistral with a mixture of experts",
    paper: "Jiang et al. 2024, https://arxiv.org/abs/2401.04088",
    heads: &[
        head(Task::CausalLm, "MixtralForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "MixtralForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "MixtralForTokenClassification", &[SCORE]),
        head(Task::Span, "MixtralForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::BaseModel, "MixtralModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, FEED_FORWARD_NORM, EXPERTS],
};

/// The router and the experts.
const EXPERTS: &[Key] = &[
    transpose("layers.{}.block_sparse_moe.gate", "layers.{}.feed_forward.router"),
    transpose("layers.{}.block_sparse_moe.experts.{}.w1", "layers.{}.feed_forward.experts.{}.gate"),
    transpose("layers.{}.block_sparse_moe.experts.{}.w3", "layers.{}.feed_forward.experts.{}.up"),
    transpose("layers.{}.block_sparse_moe.experts.{}.w2", "layers.{}.feed_forward.experts.{}.down"),
];

/// Defaults of transformers' `MixtralConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "hidden_act": "silu",
    "max_position_embeddings": 131072, "initializer_range": 0.02, "rms_norm_eps": 1e-5,
    "tie_word_embeddings": false, "rope_theta": 1000000.0, "num_local_experts": 8,
    "num_experts_per_tok": 2, "output_router_logits": false, "router_jitter_noise": 0.0
}"#;

const NAMES: FieldNames = FieldNames {
    defaults: DEFAULTS,
    aliases: &[renaming("num_experts", "num_local_experts")],
    shared: &[],
};

/// Llama's fields, and those of the mixture.
#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    llama: LlamaFields,
    sliding_window: Option<usize>,
    num_local_experts: usize,
    num_experts_per_tok: usize,
    output_router_logits: bool,
    router_jitter_noise: f64,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, NAMES)?;
    // Both affect training only: a load-balancing loss over the experts, and noise on the input of
    // the router.
    if json.output_router_logits {
        return Err(ConfigError::unsupported("output_router_logits", true, "false"));
    }
    if json.router_jitter_noise != 0.0 {
        let noise = json.router_jitter_noise;
        return Err(ConfigError::unsupported("router_jitter_noise", noise, "0.0"));
    }
    let n_experts = size("num_local_experts", json.num_local_experts)?;
    let n_active = size("num_experts_per_tok", json.num_experts_per_tok)?;
    if n_active > n_experts {
        let reason = format!("there are only {n_experts} experts");
        return Err(ConfigError::invalid("num_experts_per_tok", n_active, &reason));
    }
    let mut layer = slide(json.llama.layer()?, json.sliding_window)?;
    layer.feed_forward.kind = FeedForwardKind::Mixture { n_experts, n_active };
    let layers = vec![layer; json.llama.num_hidden_layers];
    Ok(Architecture::decoder(json.llama.decoder(layers)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = llama_like::config(&FAMILY, size);
    config["sliding_window"] = Value::Null;
    config["num_local_experts"] = 8.into();
    config["num_experts_per_tok"] = 2.into();
    config["output_router_logits"] = false.into();
    config["router_jitter_noise"] = 0.0_f64.into();
    Ok(config)
}
