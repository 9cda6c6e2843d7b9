//! Benchmarks a training step, a forward pass and decoding.

#![recursion_limit = "256"]
#![allow(missing_docs, reason = "a benchmark's functions are named for its table")]

use burn_zoo::Device;
use burn_zoo::datasets::batch::LmBatch;
use burn_zoo::models::checkpoint::Model;
use burn_zoo::models::generate::{Flow, Options, generate};
use burn_zoo::train::adamw::{AdamW, AdamWConfig};
use burn_zoo::train::{LanguageModeling, Objective, ObjectiveBatch, Pass, StepAt, TrainStep};
use zoo_bench::model;

const FAMILIES: [&str; 2] = ["gpt2", "llama"];
const VOCABULARY: usize = 65;
const CONTEXT: usize = 64;
const ROWS: usize = 12;

fn main() {
    divan::main();
}

fn batch() -> LmBatch {
    let inputs: Vec<u32> =
        (0..(ROWS * CONTEXT) as u32).map(|i| i * i % VOCABULARY as u32).collect();
    let targets = inputs.iter().map(|&id| i64::from((id + 1) % VOCABULARY as u32)).collect();
    LmBatch { rows: ROWS, context: CONTEXT, inputs, targets }
}

fn lm_model(family: &str, device: &Device) -> Model {
    let model = model(family, "nano", VOCABULARY, CONTEXT, device);
    Model::CausalLm(model.expect("a known family and size"))
}

/// nanoGPT's CPU configuration: 4 layers, d 128, 12 rows of 64 tokens.
#[divan::bench(args = FAMILIES, sample_count = 20, sample_size = 1)]
fn train_step(bencher: divan::Bencher<'_, '_>, family: &str) {
    let mut model = Some(lm_model(family, &Device::flex().autodiff()));
    let objective = LanguageModeling::NextToken;
    let pass = ObjectiveBatch { objective, batch: objective.inputs(batch()) };
    let passes: [Box<dyn Pass>; 1] = [Box::new(pass)];
    let config = AdamWConfig { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay: 0.1 };
    let mut step = TrainStep::new(AdamW::new(config));
    bencher.bench_local(|| {
        let current = model.take().expect("there is a model after each step");
        let stepped = step.step(current, &passes, StepAt { rate: 1e-3, seed: 0 });
        model = Some(stepped.expect("a finite loss").model);
    });
}

/// The same batch, forward only.
#[divan::bench(args = FAMILIES, sample_count = 20, sample_size = 1)]
fn forward(bencher: divan::Bencher<'_, '_>, family: &str) {
    let (model, objective) = (lm_model(family, &Device::flex()), LanguageModeling::NextToken);
    let batch = objective.inputs(batch());
    bencher.bench_local(|| objective.loss(&model, &batch).sum.into_data());
}

/// Greedy decoding of 32 tokens after a prompt of 8, with one row.
#[divan::bench(args = FAMILIES, sample_count = 20, sample_size = 1)]
fn decode_32_tokens(bencher: divan::Bencher<'_, '_>, family: &str) {
    let model = lm_model(family, &Device::flex()).into_causal_lm();
    let model = model.expect("a causal language model");
    let options = Options { max_new_tokens: 32, ..Options::default() };
    let prompt = vec![(1..9).collect()];
    bencher.bench_local(|| generate(&model, &prompt, &options, &mut |_| Flow::Continue));
}
