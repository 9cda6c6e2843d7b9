//! Classifies texts (the model's labels, or zero-shot).
//!
//! `cargo run --release --example classify -- DIR [LABEL..]`, where DIR is a text classifier; for
//! zero-shot classification with these labels, a model trained on natural language inference

#![recursion_limit = "256"]

use anyhow::{Context, Result};
use burn_zoo::pipeline::{Candidates, TextClassification, ZeroShotClassification};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("give the folder of a model")?;
    let labels: Vec<String> = arguments.collect();
    let device = burn_zoo::device::parse("flex")?;

    let texts = ["A wonderful film, and I would see it again.", "It is far too long."];
    let classes = if labels.is_empty() {
        TextClassification::open(folder.as_ref(), &device)?.classify(&texts)?
    } else {
        let classifier = ZeroShotClassification::open(folder.as_ref(), &device)?;
        classifier.classify(&texts, &Candidates::new(labels))?
    };
    for (text, classes) in texts.iter().zip(&classes) {
        println!("{text}");
        for class in classes {
            println!("  {:.3}  {}", class.score, class.label);
        }
    }
    Ok(())
}
