//! Greedy decoding with a cache, for the `decode` benchmark.
//!
//! ```text
//! Request:  {"prompts": [[1, 2], [3, 4]], "new_tokens": 8}
//! Response: {"seconds": [..], "tokens": [[..], [..]]}, where `seconds` are the times between
//!           consecutive new tokens of the batch.
//! ```

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use candle_core::{D, DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::llama::{Cache, Llama, LlamaConfig};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
pub(crate) struct Question {
    /// Prompts of equal length.
    prompts: Vec<Vec<u32>>,
    new_tokens: usize,
}

#[derive(Serialize)]
pub(crate) struct Answer {
    seconds: Vec<f64>,
    tokens: Vec<Vec<u32>>,
}

/// A Llama with an empty cache; candle has no GPT-2.
pub(crate) struct Decoder {
    model: Llama,
    empty: Cache,
}

impl Decoder {
    /// Loads the weights in a format, in which candle also computes.
    pub(crate) fn load(folder: &Path, format: DType) -> Result<Self> {
        let read = |name| {
            let file = folder.join(name);
            fs::read(&file).with_context(|| file.display().to_string())
        };
        let config: Value = serde_json::from_slice(&read("config.json")?)?;
        let kind = &config["model_type"];
        ensure!(kind == "llama", "this peer decodes only llama models, not {kind}");
        let weights = read("model.safetensors")?;
        let weights = VarBuilder::from_buffered_safetensors(weights, format, &Device::Cpu)?;
        let (model, empty) = llama(config, weights)?;
        Ok(Self { model, empty })
    }

    pub(crate) fn answer(&mut self, question: &Question) -> Result<Answer> {
        let batch = question.prompts.len();
        let mut cache = self.empty.clone();
        let mut known = 0;
        let mut new = question.prompts.concat();
        let mut tokens = vec![Vec::new(); batch];
        let mut ticks = Vec::with_capacity(question.new_tokens);
        for _ in 0..question.new_tokens {
            let length = new.len() / batch;
            let ids = Tensor::from_vec(new, (batch, length), &Device::Cpu)?;
            let scores = self.model.forward(&ids, known, &mut cache)?;
            new = scores.to_dtype(DType::F32)?.argmax(D::Minus1)?.to_vec1()?;
            tokens.iter_mut().zip(&new).for_each(|(text, &token)| text.push(token));
            known += length;
            ticks.push(Instant::now());
        }
        let seconds = ticks.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        Ok(Answer { seconds, tokens })
    }
}

/// The Llama of a `config.json`, and an empty cache for it.
pub(crate) fn llama(mut config: Value, weights: VarBuilder<'_>) -> Result<(Llama, Cache)> {
    // candle reads the field names of transformers 4.
    if let Some(theta) = config.pointer("/rope_parameters/rope_theta").cloned() {
        config["rope_theta"] = theta;
    }
    let config: LlamaConfig = serde_json::from_value(config)?;
    let config = config.into_config(false);
    let empty = Cache::new(true, weights.dtype(), &config, weights.device())?;
    Ok((Llama::load(weights, &config)?, empty))
}
