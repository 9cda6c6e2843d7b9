//! What is decoded with.

use std::path::Path;

use anyhow::Result;
use burn_zoo::device;
use burn_zoo::models::checkpoint::{Files, ModelSpec, save};
use burn_zoo::models::families::{self, Size};
use burn_zoo::models::heads::CausalLm;
use burn_zoo::models::parameters;
use burn_zoo::models::precision::Precision;
use serde_json::json;

/// As large as GPT-2 124M but for the tables of its vocabulary.
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

/// A directory with a model of a family, its weights drawn at random.
pub(super) fn make(folder: &Path, family: &str, precision: Precision) -> Result<()> {
    let family = families::find(family)?;
    let config = match family.name() {
        "gpt2" => json!({ "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"] }),
        _ => family.sized(&LLAMA)?.0,
    };
    let spec = ModelSpec::new(family, config)?;
    let model = spec.initialized(1, &device::parse("flex")?);
    let files = Files { precision, ..Files::default() };
    save(folder, &model, (family, &spec.config), files)?;
    Ok(())
}

/// Bytes of the matrices that every token is multiplied by, as they are held: all but the table of positions, and
/// the one of tokens where it is not the output projection, too.
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
