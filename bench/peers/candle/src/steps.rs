//! Forward passes, for the `speed` benchmark.
//!
//! ```text
//! Request:  {"config": {"model_type": "llama", ..}, "rows": 1, "length": 256, "what": "prefill"}
//! Response: {"seconds": 0.05}, or {"unsupported": "reason"}
//! ```
//!
//! The first request for a model creates it and runs warm-up steps, which are not measured.
//! candle's Llama and T5 compute logits only for the last position, as `prefill` requires; its BERT
//! computes them for all positions, as `forward` requires. Its models do not support training.

use std::time::Instant;

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use candle_transformers::models::bert::{self, BertForMaskedLM};
use candle_transformers::models::llama::{Cache, Llama};
use candle_transformers::models::t5::{self, T5ForConditionalGeneration};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{decode, random};

const WARM_UP: usize = 3;

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Question {
    config: Value,
    rows: usize,
    length: usize,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Train,
    Forward,
    Prefill,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    Seconds(f64),
    Unsupported(String),
}

impl Question {
    /// Why candle does not support the request.
    fn refusal(&self) -> String {
        let kind = self.config["model_type"].as_str().unwrap_or("model of that kind");
        match self.what {
            What::Train => "candle's models do not support training".to_string(),
            What::Forward => format!("candle has no {kind} with logits for every position"),
            What::Prefill => format!("candle has no {kind} that continues a text"),
        }
    }
}

/// Times steps of one model after another.
#[derive(Default)]
pub(crate) struct Steps {
    /// The most recently requested model.
    job: Option<(Question, Job)>,
}

impl Steps {
    pub(crate) fn answer(&mut self, question: &Question) -> Result<Answer> {
        let job = match self.job.take() {
            Some((known, job)) if known == *question => Some(job),
            _ => Job::new(question)?,
        };
        let Some(mut job) = job else {
            return Ok(Answer::Unsupported(question.refusal()));
        };
        let began = Instant::now();
        job.step()?;
        let seconds = began.elapsed().as_secs_f64();
        self.job = Some((question.clone(), job));
        Ok(Answer::Seconds(seconds))
    }
}

/// A model with its batch.
struct Job {
    model: Model,
    /// `[rows, length]`
    ids: Tensor,
}

enum Model {
    Bert(BertForMaskedLM),
    /// With an empty cache.
    Llama(Llama, Cache),
    T5(T5ForConditionalGeneration),
}

impl Job {
    /// `None` if candle does not support the request.
    fn new(question: &Question) -> Result<Option<Self>> {
        let Some(model) = Model::new(&question.config, question.what)? else { return Ok(None) };
        let vocab_size = question.config["vocab_size"].as_u64().context("no vocab_size")? as u32;
        let shape = (question.rows, question.length);
        let tokens = (question.rows * question.length) as u32;
        let ids: Vec<u32> = (0..tokens).map(|i| i.wrapping_mul(i) % vocab_size).collect();
        let mut job = Self { model, ids: Tensor::from_vec(ids, shape, &Device::Cpu)? };
        (0..WARM_UP).try_for_each(|_| job.step())?;
        Ok(Some(job))
    }

    fn step(&mut self) -> Result<()> {
        let ids = &self.ids;
        match &mut self.model {
            Model::Bert(model) => model.forward(ids, &ids.zeros_like()?, None)?,
            Model::Llama(model, empty) => model.forward(ids, 0, &mut empty.clone())?,
            Model::T5(model) => {
                model.clear_kv_cache();
                model.forward(ids, ids)?
            }
        };
        Ok(())
    }
}

impl Model {
    fn new(config: &Value, what: What) -> Result<Option<Self>> {
        let weights = random::weights();
        Ok(match (config["model_type"].as_str(), what) {
            (Some("bert"), What::Forward) => {
                let config: bert::Config = serde_json::from_value(config.clone())?;
                Some(Self::Bert(BertForMaskedLM::load(weights, &config)?))
            }
            (Some("llama"), What::Prefill) => {
                let (model, empty) = decode::llama(config.clone(), weights)?;
                Some(Self::Llama(model, empty))
            }
            (Some("t5"), What::Prefill) => {
                let mut config = config.clone();
                // candle requires an end token; its value does not matter here.
                config["eos_token_id"] = 1.into();
                let config: t5::Config = serde_json::from_value(config)?;
                Some(Self::T5(T5ForConditionalGeneration::load(weights, &config)?))
            }
            _ => None,
        })
    }
}
