//! Extracts the hidden state of every token of a text.
//!
//! `cargo run --release --example features -- DIR [TEXT]`, where DIR is a text encoder or decoder

#![recursion_limit = "256"]

use anyhow::{Context, Result};
use burn_zoo::pipeline::FeatureExtraction;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("give the folder of a model")?;
    let text = arguments.next().unwrap_or_else(|| "A cat sits on the mat.".into());
    let device = burn_zoo::device::parse("flex")?;
    let extractor = FeatureExtraction::open(folder.as_ref(), &device)?;

    let features = extractor.extract_one(&text)?;
    for (token, vector) in features.tokens.iter().zip(&features.vectors) {
        let norm: f32 = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        println!("{token:>12}  {} features, norm {norm:.3}", vector.len());
    }
    Ok(())
}
