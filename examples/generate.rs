//! Continues a text with a model in Hugging Face's layout, such as a run of `zoo train`.
//!
//! `cargo run --release --example generate runs/gpt2-nano-stories "Once upon a time"`

#![recursion_limit = "256"]

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use burn_zoo::datasets::tokenizer::Tokenizer;
use burn_zoo::models::generate::{Event, Flow, Options, Sampling, generate};
use burn_zoo::models::pretrained;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("usage: generate DIRECTORY [TEXT]")?;
    let text = arguments.next().unwrap_or_else(|| "Once upon a time".into());

    let folder = PathBuf::from(folder);
    let device = burn_zoo::device::parse("flex")?;
    let model = pretrained::load(&folder, &device)?.into_causal_lm()?;
    let tokenizer = Tokenizer::load(&folder)?;

    let sampling = Sampling { temperature: 0.8, top_k: Some(40), ..Sampling::default() };
    let options = Options {
        max_new_tokens: 200,
        eos: tokenizer.eos().into_iter().collect(),
        sampling,
        ..Options::default()
    };
    let prompt = tokenizer.encode(&text)?;

    print!("{text}");
    // Several tokens can make one character: the stream gives out whole characters.
    let mut stream = tokenizer.stream();
    generate(&model, &[prompt], &options, &mut |event: &Event| match stream.push(event.token) {
        Ok(piece) => {
            print!("{}", piece.unwrap_or_default());
            if std::io::stdout().flush().is_ok() { Flow::Continue } else { Flow::EndAll }
        }
        Err(_) => Flow::EndAll,
    })?;
    println!("{}", stream.finish()?);
    Ok(())
}
