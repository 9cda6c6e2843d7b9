//! Fields and keys that the recurrent families share. They have no established checkpoint format,
//! so this one is the zoo's own: PyTorch's tensors, with its gate order, under paths that name
//! their position.

use serde::Deserialize;
use serde_json::{Value, json};

use super::backbones::{dropout, init_std};
use super::{Architecture, Family, Size};
use crate::backbones::{OutputWeights, RecurrentConfig, RecurrentStackConfig};
use crate::hf::config::{ConfigError, parse, size};
use crate::hf::keys::{Key, rename, transpose};
use crate::layers::recurrent::{CellKind, Direction};

/// The layers of `lstm` and `gru`: `weight_ih_l0` and `bias_ih_l0` of `torch.nn.LSTM` are
/// `layers.0.forward.input`, `weight_hh_l0` and `bias_hh_l0` are `layers.0.forward.state`, and those
/// that end in `_reverse` are `layers.0.backward`.
pub(super) const KEYS: &[Key] = &[
    rename("embed_tokens", "token"),
    transpose("layers.{}.forward.input", "layers.{}.forward.input"),
    transpose("layers.{}.forward.state", "layers.{}.forward.state"),
    transpose("layers.{}.backward.input", "layers.{}.backward.input"),
    transpose("layers.{}.backward.state", "layers.{}.backward.state"),
];

/// Defaults of missing fields.
const DEFAULTS: &str = r#"{
    "bidirectional": null, "dropout": 0.0, "tie_word_embeddings": true, "initializer_range": 0.05
}"#;

/// `config.json` of `lstm` and `gru`.
#[derive(Deserialize)]
struct ConfigJson {
    vocab_size: usize,
    /// Features of a token embedding.
    embedding_dim: usize,
    /// Features of a hidden state; each direction of a bidirectional model has half of them.
    hidden_size: usize,
    num_layers: usize,
    /// Whether the layers are bidirectional; by default they are in every model but a causal
    /// language model.
    bidirectional: Option<bool>,
    dropout: f64,
    tie_word_embeddings: bool,
    initializer_range: f64,
    #[serde(default)]
    architectures: Option<Vec<String>>,
}

/// Validates the sizes of the layers.
pub(super) fn stack(
    cell: CellKind,
    direction: Direction,
    d_input: usize,
    d_model: usize,
    n_layers: usize,
    p: f64,
) -> Result<RecurrentStackConfig, ConfigError> {
    if direction == Direction::Both && !d_model.is_multiple_of(2) {
        let reason = "it must be even: each direction has half of it";
        return Err(ConfigError::invalid("hidden_size", d_model, reason));
    }
    Ok(RecurrentStackConfig {
        cell,
        direction,
        d_input: size("embedding_dim", d_input)?,
        d_model: size("hidden_size", d_model)?,
        n_layers: size("num_layers", n_layers)?,
        dropout: dropout("dropout", p)?,
    })
}

/// The source of the output weights: the token embeddings only if they have the width of the hidden
/// states.
pub(super) fn output(
    is_tied: bool,
    d_embedding: usize,
    d_model: usize,
) -> Result<OutputWeights, ConfigError> {
    if is_tied && d_embedding != d_model {
        let reason =
            format!("tied word embeddings must have the width of the hidden states, {d_model}");
        return Err(ConfigError::invalid("embedding_dim", d_embedding, &reason));
    }
    Ok(OutputWeights::from(is_tied))
}

/// The architecture of a `config.json`.
pub(super) fn architecture(json: &str, cell: CellKind) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    let class = json.architectures.as_ref().and_then(|classes| classes.first());
    let is_causal = class.is_none_or(|class| class.ends_with("ForCausalLM"));
    let is_both = json.bidirectional.unwrap_or(!is_causal);
    if is_causal && is_both {
        let reason = "a causal language model must run forward only";
        return Err(ConfigError::invalid("bidirectional", true, reason));
    }
    let direction = if is_both { Direction::Both } else { Direction::Forward };
    let [d_embedding, d_model] = [json.embedding_dim, json.hidden_size];
    Ok(Architecture::recurrent(RecurrentConfig {
        vocab_size: size("vocab_size", json.vocab_size)?,
        stack: stack(cell, direction, d_embedding, d_model, json.num_layers, json.dropout)?,
        // A model without an output projection has nothing to tie.
        output: output(is_causal && json.tie_word_embeddings, d_embedding, d_model)?,
        init_std: init_std("initializer_range", json.initializer_range)?,
    }))
}

/// The `config.json` of a new model of this size.
pub(super) fn config(family: &Family, size: &Size) -> Result<Value, ConfigError> {
    refuse_blocks(size)?;
    Ok(json!({
        "model_type": family.name(), "architectures": [family.primary().class], "vocab_size": size.vocab_size,
        "embedding_dim": size.d_model, "hidden_size": size.d_model, "num_layers": size.n_layers,
        "dropout": size.dropout, "tie_word_embeddings": true,
        "initializer_range": sized_std(size), "dtype": "float32",
        "bos_token_id": size.eos, "eos_token_id": size.eos,
    }))
}

/// Standard deviation of the weight matrices for a size.
///
/// ```text
/// 1 / sqrt(d_model)
/// ```
///
/// With it, the gates preserve a standard deviation of 1 of their inputs. The usual value for
/// blocks is a third smaller, and there are no norms to compensate: for four layers of 128
/// features, the validation loss after 150 steps on stories is 2.46 with this value, 2.63 with the
/// usual one, and 3.05 if the token embeddings are as small too.
pub(super) fn sized_std(size: &Size) -> f64 {
    let std = (size.d_model as f64).powf(-0.5);
    (std * 1e4).round() / 1e4
}

/// Rejects sizes that recurrent layers do not have. The number of heads is ignored, because every
/// size has one.
pub(super) fn refuse_blocks(size: &Size) -> Result<(), ConfigError> {
    size.refuse_kv_heads()?;
    match size.d_ff {
        Some(d_ff) => {
            let supported = "none: recurrent layers have no feed-forward layer";
            Err(ConfigError::unsupported("d_ff", d_ff, supported))
        }
        None => Ok(()),
    }
}
