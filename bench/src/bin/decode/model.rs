//! The model to decode with.

use std::path::Path;

use anyhow::Result;
use burn_zoo::device;
use burn_zoo::models::checkpoint::{Files, ModelSpec, save};
use burn_zoo::models::families::{self, Size};
use burn_zoo::models::heads::CausalLm;
use burn_zoo::models::parameters;
use burn_zoo::models::precision::Precision;
use serde_json::json;

/// As large as GPT-2 124M except for its embedding tables.
const LLAMA: Size = Size {
    vocab_size: 32_000,
    context: 1024,
    d_model: 768,
    n_layers: 12,
    n_heads: 12,
    n_kv_heads: None,
    d_ff: None,
    dropout: 0.0,
    eos: None,
};

/// Saves a model of a family with random weights to a directory.
pub(super) fn make(folder: &Path, family: &str, precision: Precision) -> Result<()> {
    let family = families::find(family)?;
    let config = match family.name() {
        "gpt2" => json!({ "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"] }),
        _ => family.sized(&LLAMA)?.config,
    };
    let spec = ModelSpec::new(family, config)?;
    let model = spec.initialized(1, &device::parse("flex")?);
    let files = Files { precision, ..Files::default() };
    save(folder, &model, family, &spec.config, files)?;
    Ok(())
}

/// The bytes, as stored in memory, of the matrices that every step reads: all except the position
/// embeddings, and except the token embeddings if they are not tied to the output projection.
pub(super) fn bytes_per_step(model: &CausalLm) -> usize {
    let shapes = parameters::list(model);
    let is_tied = shapes.iter().all(|parameter| parameter.path != "lm_head.weight");
    let mut bytes = 0;
    parameters::read(model, &mut |path, data| {
        bytes += match path {
            "embedding.position.weight" => 0,
            "embedding.token.weight" if !is_tied => 0,
            _ if data.shape().num_dims() != 2 => 0,
            _ => data.as_bytes().len(),
        };
    });
    bytes
}
