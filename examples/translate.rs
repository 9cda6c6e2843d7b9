//! Translates sentences.
//!
//! `cargo run --release --example translate -- DIR`, where DIR is a model such as
//! Helsinki-NLP/opus-mt-en-de; a multilingual model needs two more arguments, such as `en_XX de_DE`

#![recursion_limit = "256"]

use anyhow::{Context, Result};
use burn_zoo::pipeline::Translation;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().context("give the folder of a model")?;
    let device = burn_zoo::device::parse("flex")?;
    let translation = match &arguments[1..] {
        [from, to] => Translation::between(folder.as_ref(), from, to, &device)?,
        _ => Translation::open(folder.as_ref(), &device)?,
    };

    let texts = ["The house is old.", "Where is the station?"];
    let translations = translation.translate(&texts, &mut |_ready| {})?;
    for (text, translations) in texts.iter().zip(translations) {
        println!("{text}\n  {}", translations[0].text);
    }
    Ok(())
}
