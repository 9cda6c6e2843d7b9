//! The measurements of one process.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use burn_zoo::models::backbones::{Inputs, TokenBatch};
use burn_zoo::models::checkpoint::{Model, WEIGHTS_FILE, load};
use burn_zoo::models::layers::embedding::token_ids;
use burn_zoo::models::layers::mask::Padding;
use burn_zoo::{device, system};
use serde::{Deserialize, Serialize};

/// The result of reading the file.
#[derive(Serialize, Deserialize)]
pub(crate) struct Read {
    pub(crate) seconds: f64,
}

/// The result of loading and running the model.
#[derive(Serialize, Deserialize)]
pub(crate) struct Loaded {
    /// The time from the start of loading to the end of the forward pass.
    pub(crate) seconds: f64,
    /// The part of this time until the model was loaded.
    pub(crate) until_model: f64,
    /// The peak memory of the process minus its memory before.
    pub(crate) bytes: Option<u64>,
    /// The likeliest token at the last position.
    pub(crate) token: u32,
}

/// Different token ids within every model's vocabulary.
pub(crate) fn tokens(count: usize) -> Vec<u32> {
    (0..count as u32).map(|position| position.wrapping_mul(7_919) % 30_000).collect()
}

pub(crate) fn read(folder: &Path) -> Result<Read> {
    let file = folder.join(WEIGHTS_FILE);
    let began = Instant::now();
    let bytes = std::fs::read(&file).with_context(|| file.display().to_string())?;
    let seconds = began.elapsed().as_secs_f64();
    ensure!(!bytes.is_empty(), "{} is empty", file.display());
    Ok(Read { seconds })
}

pub(crate) fn load_and_apply(folder: &Path, device: &str, ids: &[u32]) -> Result<Loaded> {
    let device = device::parse(device)?;
    let before = system::peak_memory();
    let began = Instant::now();
    let model = load(folder, &device)?.model;
    let until_model = began.elapsed().as_secs_f64();
    let tokens = TokenBatch::new(token_ids(ids, 1, &device), Padding::none());
    let inputs = Inputs::text(tokens);
    let logits = match &model {
        Model::CausalLm(model) => model.forward(&inputs),
        Model::MaskedLm(model) => model.forward(&inputs),
        _ => bail!("{} has no language model head", folder.display()),
    };
    device.sync()?;
    let seconds = began.elapsed().as_secs_f64();
    let bytes = system::peak_memory().zip(before).map(|(after, before)| after - before);
    let [_, seq, _] = logits.dims();
    let likeliest = logits.narrow(1, seq - 1, 1).argmax(2).into_data();
    let token = likeliest.iter::<u32>().next().context("no token at the last position")?;
    Ok(Loaded { seconds, until_model, bytes, token })
}
