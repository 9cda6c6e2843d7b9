//! Continues a text with a model in Hugging Face's layout, such as a run of `zoo train`.
//!
//! `cargo run --release --example generate runs/gpt2-nano-stories "Once upon a time"`

#![recursion_limit = "256"]

use std::io::Write;

use anyhow::{Context, Result};
use burn_zoo::models::generate::Limit;
use burn_zoo::pipeline::TextGeneration;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("usage: generate DIRECTORY [TEXT]")?;
    let text = arguments.next().unwrap_or_else(|| "Once upon a time".into());

    let device = burn_zoo::device::parse("flex")?;
    let mut generation = TextGeneration::open(folder.as_ref(), &device)?;
    // The other settings are those of the model's generation_config.json.
    generation.settings_mut().longest = Limit::New(200);
    generation.settings_mut().options.sampling.temperature = 0.8;
    generation.settings_mut().options.sampling.top_k = Some(40);

    print!("{text}");
    // A character can consist of several tokens: the stream yields whole characters.
    for piece in generation.stream(&text)? {
        print!("{}", piece?);
        std::io::stdout().flush()?;
    }
    println!();
    Ok(())
}
