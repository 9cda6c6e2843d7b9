//! The recurrent encoder-decoder that introduced attention: a bidirectional encoder, and a decoder
//! that attends to its states before each step. It is not in transformers; its file format is the
//! zoo's own, similar to that of [`recurrent_like`](super::recurrent_like).

use serde::Deserialize;
use serde_json::{Value, json};

use super::backbones::init_std;
use super::head_keys::LM_HEAD;
use super::recurrent_like::{output, refuse_blocks, sized_std, stack};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::RecurrentSeq2SeqConfig;
use crate::hf::config::{ConfigError, parse, size};
use crate::hf::keys::{rename, transpose};
use crate::layers::recurrent::{CellKind, Direction};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["bahdanau"],
    summary: "recurrent encoder and decoder; LSTM or GRU, additive attention",
    paper: "Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473",
    heads: &[head(Task::Seq2SeqLm, "BahdanauForConditionalGeneration", &[LM_HEAD])],
    architecture,
    config,
    prefix: "model",
    keys: &[&[
        rename("embed_tokens", "token"),
        transpose("encoder.layers.{}.forward.input", "encoder.layers.{}.forward.input"),
        transpose("encoder.layers.{}.forward.state", "encoder.layers.{}.forward.state"),
        transpose("encoder.layers.{}.backward.input", "encoder.layers.{}.backward.input"),
        transpose("encoder.layers.{}.backward.state", "encoder.layers.{}.backward.state"),
        transpose("decoder.layers.{}.input", "decoder.layers.{}.forward.input"),
        transpose("decoder.layers.{}.state", "decoder.layers.{}.forward.state"),
        transpose("decoder.start.{}", "start.{}"),
        transpose("decoder.context", "context"),
        transpose("attention.query", "attention.query"),
        transpose("attention.key", "attention.key"),
        transpose("attention.score", "attention.score"),
        transpose("readout", "readout"),
    ]],
};

/// Defaults of missing fields.
const DEFAULTS: &str = r#"{
    "rnn_type": "lstm", "dropout": 0.0, "tie_word_embeddings": true, "initializer_range": 0.05
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    vocab_size: usize,
    rnn_type: RnnType,
    /// Features of a token embedding.
    embedding_dim: usize,
    /// Features of a hidden state; each direction of the encoder has half of them.
    hidden_size: usize,
    encoder_layers: usize,
    decoder_layers: usize,
    dropout: f64,
    tie_word_embeddings: bool,
    initializer_range: f64,
    decoder_start_token_id: u32,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum RnnType {
    Lstm,
    Gru,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    let cell = match json.rnn_type {
        RnnType::Lstm => CellKind::Lstm,
        RnnType::Gru => CellKind::Gru,
    };
    let vocab_size = size("vocab_size", json.vocab_size)?;
    let start = json.decoder_start_token_id;
    if start as usize >= vocab_size {
        let reason = format!("there are {vocab_size} tokens");
        return Err(ConfigError::invalid("decoder_start_token_id", start, &reason));
    }
    size("encoder_layers", json.encoder_layers)?;
    size("decoder_layers", json.decoder_layers)?;
    let [d_embedding, d_model] = [json.embedding_dim, json.hidden_size];
    let side =
        |direction, n_layers| stack(cell, direction, d_embedding, d_model, n_layers, json.dropout);
    Ok(Architecture::recurrent_seq2seq(RecurrentSeq2SeqConfig {
        vocab_size,
        encoder: side(Direction::Both, json.encoder_layers)?,
        decoder: side(Direction::Forward, json.decoder_layers)?,
        output: output(json.tie_word_embeddings, d_embedding, d_model)?,
        start,
        init_std: init_std("initializer_range", json.initializer_range)?,
    }))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    refuse_blocks(size)?;
    Ok(json!({
        "model_type": "bahdanau", "architectures": ["BahdanauForConditionalGeneration"],
        "is_encoder_decoder": true, "rnn_type": "lstm", "vocab_size": size.vocab_size,
        "embedding_dim": size.d_model, "hidden_size": size.d_model,
        "encoder_layers": size.n_layers, "decoder_layers": size.n_layers,
        "dropout": size.dropout, "tie_word_embeddings": true,
        "initializer_range": sized_std(size), "dtype": "float32",
        "pad_token_id": 0, "bos_token_id": null, "eos_token_id": size.eos,
        "decoder_start_token_id": 0,
    }))
}
