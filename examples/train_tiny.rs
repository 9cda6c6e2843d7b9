//! Trains a tiny Llama on synthetic stories, and generates one.
//!
//! `cargo run --release --example train_tiny`

#![recursion_limit = "256"]

use std::sync::Arc;

use anyhow::{Context, Result};
use burn_zoo::datasets::batch::{LmDataset, TokenWindows};
use burn_zoo::datasets::{text::Corpus, tokenizer::Vocabulary};
use burn_zoo::models::checkpoint::{self, ModelSpec};
use burn_zoo::models::families::{self, Size};
use burn_zoo::models::generate::{Flow, Options, Sampling, generate};
use burn_zoo::train::prelude::*;

fn main() -> Result<()> {
    let device = burn_zoo::device::parse("flex")?.autodiff();
    let corpus = Corpus::stories();
    let text = Arc::new(LmDataset::new(&corpus, corpus.tokenizer(Vocabulary::Characters)?)?);
    let tokenizer = text.tokenizer().clone();
    let (vocab_size, context, dropout, eos) = (tokenizer.vocab_size(), 64, 0.0, tokenizer.eos());
    let (d_model, n_layers, n_heads, d_ff, n_kv_heads) = (64, 2, 4, None, Some(2));
    let size =
        Size { vocab_size, context, d_model, n_layers, n_heads, n_kv_heads, d_ff, dropout, eos };
    let family = families::find("llama")?;
    let spec = ModelSpec::new(family, family.sized(&size)?.config)?;

    let schedule = Schedule::cosine(3e-3, 400);
    let settings = TrainSettings {
        batch_size: 16,
        seed: 1,
        ..TrainSettings::new("stories", text.fingerprint(), schedule)
    };
    let model = spec.initialized(settings.seed, &device);
    let (folder, config) = (tempfile::tempdir()?, spec.config);
    let path = folder.path().join("run");
    let run = RunDir::create(&path, &settings, |at| Ok(checkpoint::write_config(at, &config)?))?;
    let optimizer = settings.new_optimizer(&model);
    let (state, display) = (State::start(settings.dtype), Display::Plain(Verbosity::Lines));
    let windows = TokenWindows::new(text, settings.shape());
    let data = Arc::new(LmData { windows, objective: LanguageModeling::NextToken });
    let job = TrainJob { run, settings, data, family, config, model, optimizer, state };
    let outcome = job.run(display, &Interrupter::new())?;
    let sampling = Sampling { temperature: 0.8, ..Sampling::default() };
    let options = Options { max_new_tokens: 300, sampling, ..Options::default() };
    let model = outcome.model.into_causal_lm().context("a Llama")?;
    let added = generate(&model, &[tokenizer.encode("\n")?], &options, &mut |_| Flow::Continue)?;
    println!("{}", tokenizer.decode(&added[0])?);
    Ok(())
}
