//! Compares sentences by the cosine similarity of their embeddings.
//!
//! `cargo run --release --example embed -- DIR`, where DIR is a sentence-transformers model

#![recursion_limit = "256"]

use anyhow::{Context, Result};
use burn_zoo::pipeline::TextEmbedder;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("give the folder of a model")?;
    let device = burn_zoo::device::parse("flex")?;
    let embedder = TextEmbedder::open(folder.as_ref(), &device)?;

    let texts = ["A cat sits on the mat.", "The feline rests on a rug.", "Stock markets fell."];
    let vectors = embedder.embed(&texts, &mut |_ready| {})?.vectors;
    for (text, vector) in texts.iter().zip(&vectors) {
        let cosine: f32 = vector.iter().zip(&vectors[0]).map(|(a, b)| a * b).sum();
        println!("{cosine:.3}  {text}");
    }
    Ok(())
}
