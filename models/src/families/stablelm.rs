//! StableLM: Llama with LayerNorm and partial rotary positions. StableLM 2 has biases on queries,
//! keys and values, and its largest model has parallel sub-layers after one norm and a norm on
//! every head of queries and keys, each with its own scale.

use serde::Deserialize;
use serde_json::{Value, json};

use super::backbones::{decoder, dropout, stack};
use super::gpt_like::{Shape, layer};
use super::gpt_neox::rope_parameters;
use super::head_keys::{LM_HEAD, SCORE};
use super::llama_like::{self, FEED_FORWARD_NORM, KEYS};
use super::size::with;
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{EmbeddingConfig, OutputWeights, PositionEmbedding};
use crate::blocks::{BlockConfig, Wiring};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, divides, epsilon, parse, size};
use crate::hf::keys::{Key, rename};
use crate::hf::rope::{RopeFields, Rotated};
use crate::layers::attention::QkNorm;
use crate::layers::feed_forward::FeedForwardKind;
use crate::layers::linear::Bias;
use crate::layers::norm::NormKind;
use crate::layers::position::PositionEncoding;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["stablelm"],
    summary: "decoder; Llama with LayerNorm and partial rotary positions",
    paper: "Bellagente et al. 2024, https://arxiv.org/abs/2402.17834",
    heads: &[
        head(Task::CausalLm, "StableLmForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "StableLmForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "StableLmForTokenClassification", &[SCORE]),
        head(Task::BaseModel, "StableLmModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, FEED_FORWARD_NORM, PARALLEL],
};

/// The single norm of parallel sub-layers, and the norms of the heads.
const PARALLEL: &[Key] = &[
    rename("layers.{}.input_layernorm", "layers.{}.norm"),
    rename("layers.{}.self_attn.q_layernorm.norms.{}", "layers.{}.attention.query_norm.{}"),
    rename("layers.{}.self_attn.k_layernorm.norms.{}", "layers.{}.attention.key_norm.{}"),
];

/// Defaults of transformers' `StableLmConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50304, "intermediate_size": 6912, "hidden_size": 2560, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 32, "hidden_act": "silu",
    "max_position_embeddings": 4096, "initializer_range": 0.02, "layer_norm_eps": 1e-5,
    "tie_word_embeddings": false, "use_qkv_bias": false, "qk_layernorm": false,
    "use_parallel_residual": false, "hidden_dropout": 0.0, "attention_dropout": 0.0
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    vocab_size: usize,
    intermediate_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: usize,
    hidden_act: String,
    max_position_embeddings: usize,
    initializer_range: f64,
    layer_norm_eps: f64,
    tie_word_embeddings: bool,
    use_qkv_bias: bool,
    qk_layernorm: bool,
    use_parallel_residual: bool,
    hidden_dropout: f64,
    attention_dropout: f64,
    #[serde(flatten)]
    rope: RopeFields,
}

impl ConfigJson {
    /// The layer; all layers are equal.
    fn layer(&self) -> Result<BlockConfig, ConfigError> {
        if self.hidden_dropout != 0.0 {
            // In the reference it applies to the feed-forward sub-layer and not to attention.
            return Err(ConfigError::unsupported("hidden_dropout", self.hidden_dropout, "0.0"));
        }
        let d_model = size("hidden_size", self.hidden_size)?;
        let n_heads = size("num_attention_heads", self.num_attention_heads)?;
        let d_head = divides("num_attention_heads", n_heads, d_model)?;
        let mut layer = layer(Shape {
            d_model,
            n_heads,
            d_head,
            d_ff: size("intermediate_size", self.intermediate_size)?,
            activation: activation("hidden_act", &self.hidden_act)?,
            epsilon: epsilon("layer_norm_eps", self.layer_norm_eps)?,
        });
        if self.use_parallel_residual {
            layer.wiring = Wiring::Parallel;
        }
        layer.feed_forward.kind = FeedForwardKind::Gated;
        layer.feed_forward.bias = Bias::Absent;
        let attention = &mut layer.attention;
        attention.heads.n_kv_heads = size("num_key_value_heads", self.num_key_value_heads)?;
        divides("num_key_value_heads", attention.heads.n_kv_heads, n_heads)?;
        attention.bias.qkv = Bias::from(self.use_qkv_bias);
        attention.bias.output = Bias::Absent;
        attention.softmax_mut().dropout = dropout("attention_dropout", self.attention_dropout)?;
        let rotary = self.rope.rotary(d_head, Rotated::Part(0.25), self.max_position_embeddings)?;
        attention.positions = PositionEncoding::Rotary(rotary);
        if self.qk_layernorm {
            attention.qk_norm = QkNorm::PerHead(NormKind::LayerWithoutBias, layer.norm.epsilon);
        }
        Ok(layer)
    }
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    let max_positions = size("max_position_embeddings", json.max_position_embeddings)?;
    let layers = vec![json.layer()?; size("num_hidden_layers", json.num_hidden_layers)?];
    let embedding = EmbeddingConfig::new(json.hidden_size, PositionEmbedding::None);
    let stack = stack(max_positions, embedding, layers);
    let output = OutputWeights::from(json.tie_word_embeddings);
    Ok(Architecture::decoder(decoder(json.vocab_size, stack, output, json.initializer_range)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let own = json!({
        "rope_parameters": rope_parameters(size)?, "layer_norm_eps": 1e-5, "use_qkv_bias": false,
        "qk_layernorm": false, "use_parallel_residual": false, "hidden_dropout": 0.0,
    });
    let mut config = llama_like::config(&FAMILY, size);
    if let Some(fields) = config.as_object_mut() {
        fields.remove("rms_norm_eps");
        fields.remove("head_dim");
    }
    Ok(with(config, own))
}
