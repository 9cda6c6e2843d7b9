//! Trains a tiny Llama on synthetic stories, and generates one.
//!
//! `cargo run --release --example train_tiny`

#![recursion_limit = "256"]

use std::sync::Arc;

use anyhow::{Context, Result};
use burn_zoo::datasets::{batch::LmDataset, text::Corpus, tokenizer::Vocabulary};
use burn_zoo::models::checkpoint::{self, ModelSpec};
use burn_zoo::models::families::{self, Size};
use burn_zoo::models::generate::{Flow, Options, Sampling, generate};
use burn_zoo::train::prelude::*;

fn main() -> Result<()> {
    let device = burn_zoo::device::parse("flex")?.autodiff();
    let corpus = Corpus::stories();
    let data = Arc::new(LmDataset::new(&corpus, corpus.tokenizer(Vocabulary::Characters)?)?);
    let tokenizer = data.tokenizer().clone();
    let (vocab_size, context, dropout, eos) = (tokenizer.vocab_size(), 64, 0.0, tokenizer.eos());
    let (d_model, n_layers, n_heads, d_ff, n_kv_heads) = (64, 2, 4, None, Some(2));
    let size =
        Size { vocab_size, context, d_model, n_layers, n_heads, n_kv_heads, d_ff, dropout, eos };
    let family = families::find("llama")?;
    let spec = ModelSpec::new(family, family.sized(&size)?.config)?;

    let settings = TrainSettings {
        data: "stories".into(),
        data_fingerprint: data.fingerprint().into(),
        init_from: None,
        batch_size: 16,
        context,
        accumulate: 1,
        schedule: Schedule { peak: 3e-3, minimum: 3e-4, warmup: 40, steps: 400 },
        optimizer: AdamWConfig { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay: 0.1 },
        clip: Some(1.0),
        eval_interval: 200,
        checkpoint_interval: 200,
        seed: 1,
        dtype: Default::default(),
        checkpoint_blocks: false,
    };
    let model = spec.initialized(settings.seed, &device);
    let (folder, config) = (tempfile::tempdir()?, spec.config);
    let path = folder.path().join("run");
    let run = RunDir::create(&path, &settings, |at| Ok(checkpoint::write_config(at, &config)?))?;
    let optimizer = AdamW::new(settings.optimizer);
    let (state, display) = (State::start(settings.dtype), Display::Plain(Verbosity::Lines));
    let job = TrainJob { run, settings, data, family, config, model, optimizer, state, device };
    let outcome = job.run(display, &Interrupter::new())?;
    let sampling = Sampling { temperature: 0.8, ..Sampling::default() };
    let options = Options { max_new_tokens: 300, sampling, ..Options::default() };
    let model = outcome.model.into_causal_lm().context("a Llama")?;
    let added = generate(&model, &[tokenizer.encode("\n")?], &options, &mut |_| Flow::Continue)?;
    println!("{}", tokenizer.decode(&added[0])?);
    Ok(())
}
